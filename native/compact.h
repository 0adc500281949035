// Included first where size matters more than speed: everything that is no kernel, and the portable kernels, would be
// twice as much code as the rest.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif
