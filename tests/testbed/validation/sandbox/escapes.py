"""Attempts to get out of the sandbox: code that gives a table if it got what it wanted, and fails otherwise.

@SECRET@ is a file beside the worlds, as the truth is; @TARGET@ one that is not there yet; @FOLDER@ holds both; @PARENT@
is the process that judges, @ADDRESS@ is in its memory; on @PORT@ somebody listens; @TREE@ is the project's.
"""

from __future__ import annotations

import textwrap
from typing import NamedTuple

GOT = "return [{'got': str(got)}]"
LIBC = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
OPEN_RAW = (
    LIBC
    + "fd = libc.syscall({number}, -100, b'@SECRET@', 0)\nassert fd >= 0\nimport os; got = os.read(fd, 9)"
)


class Attempt(NamedTuple):
    """name; code: the body of a function, or a query; held: whether taking all fences away lets it succeed, which
    shows that the attempt is one."""

    name: str
    code: str
    succeeds: bool = True

    @property
    def function(self) -> str:
        """The code as a Python file."""
        return "def attempt(generations):\n" + textwrap.indent(f"{self.code}\n{GOT}\n", "    ")


PYTHON = (
    # the truth, the oracle, the tree: by path
    Attempt("open a file", "got = open('@SECRET@').read()"),
    Attempt("list a folder", "import os; got = os.listdir('@FOLDER@')"),
    Attempt("read the tree", "got = open('@TREE@/testbed/validation/questions/retention.py').read()"),
    Attempt("import the tree", "import sys; sys.meta_path.pop(0); sys.path.insert(0, '@TREE@')\n"
                               "import testbed.validation.questions as got"),
    Attempt("read a file in C++", "import pyarrow as pa; got = pa.OSFile('@SECRET@').read()"),
    Attempt("read a file by DuckDB", "import duckdb; c = duckdb.connect()\n"
                                     "got = c.execute(\"SELECT content FROM read_text('@SECRET@')\").fetchall()"),
    Attempt("open by the C library", LIBC + "fd = libc.open(b'@SECRET@', 0)\nassert fd >= 0\n"
                                            "import os; got = os.read(fd, 9)"),
    Attempt("open by a raw call", "import platform\nassert platform.machine() == 'x86_64'\n"
                                  + OPEN_RAW.format(number=257)),
    Attempt("open through /proc/self/root", "got = open('/proc/self/root' + '@SECRET@').read()"),
    Attempt("follow a symbolic link", "import os; os.symlink('@SECRET@', 'mine'); got = open('mine').read()"),
    Attempt("follow a hard link", "import os; os.link('@SECRET@', 'mine'); got = open('mine').read()", succeeds=False),
    Attempt("map a file", "import mmap, os; fd = os.open('@SECRET@', os.O_RDONLY)\n"
                          "got = mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:]"),
    # the memory of who judges
    Attempt("read the parent's memory", "got = open('/proc/@PARENT@/mem', 'rb')"),
    Attempt("read the parent's environment", "got = open('/proc/@PARENT@/environ', 'rb').read()"),
    Attempt("trace the parent", LIBC + "assert libc.ptrace(0x4206, @PARENT@, 0, 0) == 0\ngot = 1"),
    Attempt("read the parent's memory by a call", LIBC
            + "from ctypes import Structure, c_void_p, c_size_t, addressof, byref, create_string_buffer\n"
            "class V(Structure): _fields_ = [('a', c_void_p), ('n', c_size_t)]\n"
            "b = create_string_buffer(8); mine = V(addressof(b), 8); its = V(@ADDRESS@, 8)\n"
            "got = libc.process_vm_readv(@PARENT@, byref(mine), 1, byref(its), 1, 0)\nassert got == 8"),
    Attempt("find an oracle in memory", "import gc\ngot = [o for o in gc.get_objects() if callable(o) "
            "and getattr(o, '__module__', '') == 'testbed.validation.questions.retention']\nassert got", False),
    Attempt("find an oracle in frames", "import sys; frame = sys._getframe(); got = []\nwhile frame:\n"
            "    got += [n for n in frame.f_locals if n in ('question', 'oracle', 'right', 'world')]\n"
            "    frame = frame.f_back\nassert got", False),
    Attempt("read the environment", "import os; got = os.environ['SLIPPER_SECRET']", False),
    Attempt("find open files", "import os; got = []\n"
            "for fd in range(4, 1024):\n    try: os.fstat(fd); got.append(fd)\n    except OSError: pass\nassert got",
            False),
    # the network
    Attempt("connect", "import socket; got = socket.create_connection(('127.0.0.1', @PORT@), 2)"),
    Attempt("connect by the C library", LIBC + "fd = libc.socket(2, 1, 0)\nassert fd >= 0\n"
            "import socket; got = socket.socket(fileno=fd).connect(('127.0.0.1', @PORT@))"),
    Attempt("send a datagram", "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                               "got = s.sendto(b'x', ('127.0.0.1', @PORT@))"),
    Attempt("open a local socket", "import socket; got = socket.socket(socket.AF_UNIX)"),
    Attempt("fetch a page", "import urllib.request\n"
                            "got = urllib.request.urlopen('http://127.0.0.1:@PORT@', timeout=2)", False),
    # processes
    Attempt("fork", "import os; pid = os.fork()\nif pid == 0: os._exit(0)\ngot = os.waitpid(pid, 0)"),
    Attempt("fork by the C library", LIBC + "pid = libc.fork()\nimport os\nif pid == 0: os._exit(0)\n"
                                            "assert pid > 0\ngot = os.waitpid(pid, 0)"),
    Attempt("run a program", "import subprocess; got = subprocess.check_output(['/bin/echo', 'x'])"),
    Attempt("become a program", "import os; os.execv('/bin/echo', ['echo', 'x']); got = 1", False),
    Attempt("spawn", "import os; pid = os.posix_spawn('/bin/echo', ['echo'], {}); got = os.waitpid(pid, 0)"),
    Attempt("use a shell", "import os; got = 1\nassert os.system('true') == 0"),
    Attempt("signal the parent", "import os; os.kill(@PARENT@, 0); got = 1"),
    Attempt("signal by descriptor", "import os, signal; fd = os.pidfd_open(@PARENT@)\n"
                                    "signal.pidfd_send_signal(fd, 0); got = 1"),
    # what is left behind
    Attempt("write a file", "open('@TARGET@', 'w').write('x'); got = 1"),
    Attempt("make a folder", "import os; os.mkdir('@TARGET@'); got = 1"),
    Attempt("change rights", "import os; os.chmod('@SECRET@', 0o600); got = 1"),
    Attempt("rename a file", "import os; os.rename('@SECRET@', '@TARGET@'); got = 1"),
    Attempt("remove a file", "import os; os.remove('@SECRET@'); got = 1"),
    Attempt("cut a file", "import os; os.truncate('@SECRET@', 0); got = 1"),
    Attempt("share memory", "from multiprocessing import shared_memory as s\n"
                            "m = s.SharedMemory(create=True, size=9); m.unlink(); got = 1"),
    Attempt("share memory of System V", LIBC + "i = libc.shmget(0, 4096, 0o1600)\nassert i >= 0\n"
                                               "libc.shmctl(i, 0, None); got = 1"),
    Attempt("a file in memory", "import os; got = os.memfd_create('x')"),
    Attempt("a thread that stays", "import threading, time\ndef late():\n    time.sleep(0.2); open('@TARGET@', 'w')\n"
            "threading.Thread(target=late, daemon=True).start(); got = 1\nraise RuntimeError", False),
    # the fences themselves
    Attempt("raise a limit", "import resource as r; hard = r.getrlimit(r.RLIMIT_NOFILE)[1]\n"
                             "r.setrlimit(r.RLIMIT_NOFILE, (hard + 1, hard + 1)); got = 1", False),
    Attempt("a namespace of its own", LIBC + "assert libc.unshare(0x10000000) == 0\ngot = 1", False),
    Attempt("a queue of calls", LIBC + "b = ctypes.create_string_buffer(256)\n"
                                       "assert libc.syscall(425, 4, b) >= 0\ngot = 1", False),
    Attempt("calls of another machine", "import ctypes, mmap, platform\nassert platform.machine() == 'x86_64'\n"
            "page = mmap.mmap(-1, 4096, prot=7); page.write(bytes.fromhex('b814000000cd80c3'))\n"  # getpid by int 0x80
            "where = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
            "got = ctypes.CFUNCTYPE(ctypes.c_int)(where)()", False),
)  # fmt: skip

READ = "SELECT content AS got FROM read_text('@SECRET@')"
SQL = (
    Attempt("read a file", READ),
    Attempt("read a CSV", "SELECT * FROM read_csv('/etc/passwd', header = false, sep = ':')"),
    Attempt("read a JSON", "SELECT * FROM read_json('/etc/passwd', format = 'unstructured', records = false)", False),
    Attempt("name a file as a table", "SELECT * FROM '/etc/passwd.csv'", False),
    Attempt("list files", "SELECT * FROM glob('@FOLDER@/*')"),
    Attempt("write by COPY", "COPY (SELECT 1 AS x) TO '@TARGET@'; SELECT 1 AS got"),
    Attempt("read by COPY", "CREATE TABLE t (x VARCHAR); COPY t FROM '@SECRET@' (DELIMITER '|', HEADER false); "
                            "SELECT * FROM t"),
    Attempt("attach a file", "ATTACH '@TARGET@' AS other; SELECT 1 AS got"),
    Attempt("export", "EXPORT DATABASE '@TARGET@'; SELECT 1 AS got"),
    Attempt("install an extension", "INSTALL httpfs; SELECT 1 AS got", False),
    Attempt("load an extension", "LOAD httpfs; SELECT 1 AS got", False),
    Attempt("fetch a page", "SELECT * FROM read_text('http://127.0.0.1:@PORT@/')", False),
    Attempt("unlock by SET", "SET lock_configuration = false; SET enable_external_access = true; " + READ, False),
    Attempt("unlock by PRAGMA", "PRAGMA enable_external_access = true; " + READ, False),
    Attempt("unlock by RESET", "RESET enable_external_access; " + READ, False),
    Attempt("allow a folder", "SET allowed_directories = ['@FOLDER@']; " + READ, False),
    Attempt("set a folder for spilling", "SET temp_directory = '@TARGET@'; SELECT 1 AS got"),
    Attempt("write a profile", "SET profiling_output = '@TARGET@'; PRAGMA enable_profiling = 'json'; "
                               "SELECT 1 AS got", False),
    Attempt("write a log", "CALL enable_logging(storage = 'file', storage_config = {'path': '@TARGET@'}); "
                           "SELECT 1 AS got", False),
    Attempt("keep a secret", "CREATE PERSISTENT SECRET s (TYPE http); SELECT 1 AS got", False),
    Attempt("read the environment", "SELECT getenv('SLIPPER_SECRET') AS got", False),
    Attempt("read a variable of Python", "SELECT * FROM blobs", False),
    Attempt("read a file of Python", "SELECT * FROM read_csv(frame)", False),
)  # fmt: skip
