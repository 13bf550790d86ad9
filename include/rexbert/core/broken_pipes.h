#pragma once

namespace rexbert {

// Makes writing to a connection that the other side has closed an error of that write, and not the
// end of the process by SIGPIPE; for those who write to sockets by way of libraries that leave the
// signal to their users (c10d, Gloo, OpenSSL). Does nothing where the program has a handler of its
// own for it.
void ignore_broken_pipes();

}  // namespace rexbert
