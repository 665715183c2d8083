import Glibc

// First of all: whatever is opened before would take the place of a stream.
ProcessLimits.fillStandardStreams()
setlocale(LC_CTYPE, "C.UTF-8")
signal(SIGPIPE, SIG_IGN)
// A write past the limit of a file's size then fails with EFBIG, and what was begun is taken back.
signal(SIGXFSZ, SIG_IGN)
exit(Program.run().rawValue)
