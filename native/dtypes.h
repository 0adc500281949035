#pragma once
#include "dtype.h"
