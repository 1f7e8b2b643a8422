#include "poise/formats/confine.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <vector>
#define POISE_FILTERS_CALLS
#endif

namespace poise {
namespace {

void limit(int resource, std::uint64_t most) {
  rlimit wanted{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) != 0) return;
  wanted.rlim_cur = wanted.rlim_max == RLIM_INFINITY ? most : std::min<rlim_t>(most, wanted.rlim_max);
  wanted.rlim_max = wanted.rlim_cur;
  setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted);
}

/// Bytes of address space in use; 0 where that is not known.
std::uint64_t mapped() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  file >> pages;
  return file ? pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

#ifdef POISE_FILTERS_CALLS

#ifdef __x86_64__
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// What the C library, malloc, and a library that reads files use.
constexpr int kAllowed[] = {
    SYS_read,          SYS_pread64,         SYS_readv,      SYS_write,      SYS_writev,  SYS_lseek,     SYS_close,
    SYS_fstat,         SYS_newfstatat,      SYS_statx,      SYS_faccessat,  SYS_flock,   SYS_fcntl,     SYS_mmap,
    SYS_munmap,        SYS_mremap,          SYS_mprotect,   SYS_madvise,    SYS_brk,     SYS_futex,     SYS_getrandom,
    SYS_clock_gettime, SYS_gettimeofday,    SYS_getpid,     SYS_gettid,     SYS_getuid,  SYS_geteuid,   SYS_getgid,
    SYS_getegid,       SYS_getcwd,          SYS_readlinkat, SYS_uname,      SYS_sysinfo, SYS_prlimit64, SYS_sched_yield,
    SYS_rt_sigreturn,  SYS_restart_syscall, SYS_exit,       SYS_exit_group,
#ifdef __x86_64__
    SYS_stat,          SYS_lstat,           SYS_access,     SYS_readlink,   SYS_time,    SYS_getrlimit,
#endif
};

/// Loads, compares and returns over seccomp_data (Linux, Documentation/userspace-api/seccomp_filter.rst).
void filter_calls() {
  const auto statement = [](unsigned code, std::uint32_t value) {
    return sock_filter{static_cast<std::uint16_t>(code), 0, 0, value};
  };
  const auto jump = [](unsigned code, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return sock_filter{static_cast<std::uint16_t>(code), yes, no, value};
  };
  constexpr unsigned kLoad = BPF_LD | BPF_W | BPF_ABS, kEqual = BPF_JMP | BPF_JEQ | BPF_K, kReturn = BPF_RET | BPF_K;
  constexpr unsigned kAnySet = BPF_JMP | BPF_JSET | BPF_K;
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> program = {
      statement(kLoad, offsetof(seccomp_data, arch)),
      jump(kEqual, kArchitecture, 1, 0),
      statement(kReturn, kRefuse),
      statement(kLoad, offsetof(seccomp_data, nr)),
  };
  for (const int call : kAllowed) {
    program.push_back(jump(kEqual, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(statement(kReturn, SECCOMP_RET_ALLOW));
  }
  // Files are opened to be read, the flags being the third argument of openat; its low half lies first here.
  constexpr std::uint32_t kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  program.push_back(jump(kEqual, SYS_openat, 1, 0));
  program.push_back(statement(kReturn, kRefuse));
  program.push_back(statement(kLoad, offsetof(seccomp_data, args[2])));
  program.push_back(jump(kAnySet, kWrites, 0, 1));
  program.push_back(statement(kReturn, kRefuse));
  program.push_back(statement(kReturn, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);  // a kernel without it has the limits alone
}

#endif

}  // namespace

void confine_process() {
  constexpr std::uint64_t kMemory = std::uint64_t{1} << 30U;
  constexpr std::uint64_t kSeconds = 30;
  constexpr unsigned kAlarm = 60;
  alarm(kAlarm);  // its signal ends the process; the filter lets nobody set another, or pass it over
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, kSeconds);
  limit(RLIMIT_FSIZE, 0);
  constexpr std::uint64_t kShadow = std::uint64_t{1} << 40U;  // a sanitizer maps more, and needs yet more
  if (const std::uint64_t now = mapped(); now > 0 && now < kShadow) limit(RLIMIT_AS, now + kMemory);
#ifdef POISE_FILTERS_CALLS
  filter_calls();
#endif
}

}  // namespace poise
