"""Numbers of the system calls that jailed code may make, on x86-64 and arm64; every other one is refused.

Source: the kernel's tables, `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`. A dash:
the architecture has no such call. None of them opens a connection, makes or steers a process, or mounts anything; files
are Landlock's matter.
"""

from __future__ import annotations

_ALLOWED = """
read 0 63, write 1 64, open 2 -, openat 257 56, close 3 57, close_range 436 436, stat 4 -, fstat 5 80, lstat 6 -,
newfstatat 262 79, statx 332 291, poll 7 -, ppoll 271 73, lseek 8 62, mmap 9 222, mprotect 10 226, munmap 11 215,
brk 12 214, mremap 25 216, madvise 28 233, msync 26 227, mincore 27 232, rt_sigaction 13 134, rt_sigprocmask 14 135,
rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133, sigaltstack 131 132,
pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, preadv 295 69, pwritev 296 70, preadv2 327 286, pwritev2
328 287, access 21 -, faccessat 269 48, faccessat2 439 439, pipe 22 -, pipe2 293 59, select 23 -, pselect6 270 72,
sched_yield 24 124, dup 32 23, dup2 33 -, dup3 292 24, pause 34 -, nanosleep 35 101, clock_nanosleep 230 115,
getitimer 36 102, alarm 37 -, setitimer 38 103, getpid 39 172, gettid 186 178, getppid 110 173, getpgrp 111 -,
getpgid 121 155, getsid 124 156, exit 60 93, exit_group 231 94, uname 63 160, flock 73 32, fsync 74 82, fdatasync 75
83, sync_file_range 277 84, ftruncate 77 46, fallocate 285 47, fadvise64 221 223, copy_file_range 326 285, sendfile
40 71, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -, renameat 264 38,
renameat2 316 276, mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35, symlink 88 -, symlinkat 266
36, link 86 -, linkat 265 37, readlink 89 -, readlinkat 267 78, umask 95 166, gettimeofday 96 169, time 201 -, times
100 153, clock_gettime 228 113, clock_getres 229 114, getrlimit 97 163, getrusage 98 165, sysinfo 99 179, getuid 102
174, geteuid 107 175, getgid 104 176, getegid 108 177, getgroups 115 158, getresuid 118 148, getresgid 120 150,
statfs 137 43, fstatfs 138 44, arch_prctl 158 -, futex 202 98, futex_waitv 449 449, sched_getaffinity 204 123,
sched_getparam 143 121, sched_getscheduler 145 120, sched_get_priority_max 146 125, sched_get_priority_min 147 126,
set_tid_address 218 96, restart_syscall 219 128, set_robust_list 273 99, get_robust_list 274 100, epoll_create 213
-, epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441, eventfd 284
-, eventfd2 290 19, timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87, getcpu 309 168, getrandom
318 278, membarrier 324 283, rseq 334 293
"""
CONDITIONAL = {  # allowed with some arguments only: see `jail.seccomp`
    "ioctl": (16, 29),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "prlimit64": (302, 261),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prctl": (157, 167),
}
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By the name of a machine: its place in the tables, and the kernel's number for it (AUDIT_ARCH)."""


def allowed(machine: str) -> list[int]:
    """The numbers of the calls that are always allowed on a machine."""
    rows = [entry.split() for entry in _ALLOWED.replace("\n", " ").split(",")]
    numbers = [row[1 + MACHINES[machine][0]] for row in rows]
    return sorted(int(number) for number in numbers if number != "-")
