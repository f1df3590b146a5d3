"""`pilotage run` as somebody whom rights matter to; root passes them all by.

Arguments: a folder to warm up in, then those of the command. What is imported late is imported in
the warm-up, since that user may not be able to read the library.
"""

import os
import pwd
import sys

from pilotage.cli import main


def run_as_nobody(warm: str, arguments: list[str]) -> int:
    exit_code(["run", "-p", warm, *arguments[3:]])
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setresgid(nobody.pw_gid, nobody.pw_gid, 0)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, 0)
    try:
        return exit_code(arguments)
    finally:
        os.setresuid(0, 0, 0)  # to clean up after itself


def exit_code(arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


if __name__ == "__main__":
    if os.geteuid():
        sys.exit(exit_code(sys.argv[2:]))
    sys.exit(run_as_nobody(sys.argv[1], sys.argv[2:]))
