import Glibc

// First of all: a file that is opened earlier could get the number of a closed stream.
ProcessLimits.fillStandardStreams()
setlocale(LC_CTYPE, "C.UTF-8")
signal(SIGPIPE, SIG_IGN)
// A write past the file size limit then fails with EFBIG, and the change is rolled back.
signal(SIGXFSZ, SIG_IGN)
exit(Program.run())
