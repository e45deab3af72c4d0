"""Runs a command once a process is gone, in whatever way it went: `python -m support.afterwards PID COMMAND...`"""

import subprocess
import sys
from contextlib import suppress

import psutil

if __name__ == "__main__":
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(sys.argv[1])).wait()
    subprocess.run(sys.argv[2:], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
