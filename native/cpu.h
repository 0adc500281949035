#pragma once
#include "platform/cpu.h"
