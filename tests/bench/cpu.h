// CPU time of another process, exact: what /proc says is sampled at the clock's ticks, at
// which media wakes up.
#ifndef ATRIUM_TESTS_BENCH_CPU_H_
#define ATRIUM_TESTS_BENCH_CPU_H_

#include <sys/types.h>
#include <time.h>

// Seconds that all threads of `pid` had; 0 if there is no such process.
inline double CpuOf(pid_t pid) {
  clockid_t clock{};
  timespec had{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &had) != 0) return 0;
  return static_cast<double>(had.tv_sec) + static_cast<double>(had.tv_nsec) / 1e9;
}

#endif  // ATRIUM_TESTS_BENCH_CPU_H_
