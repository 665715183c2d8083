import Glibc

setlocale(LC_CTYPE, "C.UTF-8")
signal(SIGPIPE, SIG_IGN)
exit(Program.run().rawValue)
