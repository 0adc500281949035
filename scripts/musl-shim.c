// What Debian's libstdc++ and libgcc_s ask glibc for and musl does not have: as much as bun needs to start with these.
#define _GNU_SOURCE
#include <locale.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded;
unsigned __cpu_model[4];

int __cpu_indicator_init(void) { return 0; }

// "Not found": the unwinder then asks dl_iterate_phdr.
int _dl_find_object(void* address, void* result) { return -1; }

// Destructors of threads are not run: the process ends soon.
int __cxa_thread_atexit_impl(void (*destructor)(void*), void* object, void* dso) { return 0; }

unsigned arc4random(void) {
  unsigned value = 0;
  return getrandom(&value, sizeof value, 0) < 0 ? 0 : value;
}

size_t __strftime_l(char* to, size_t size, const char* format, const struct tm* time, locale_t locale) {
  return strftime_l(to, size, format, time, locale);
}
