#include "rexbert/train/signals.h"

#include <signal.h>

#include <atomic>

namespace rexbert::train {
namespace {

std::atomic<bool> stop_received = false;
struct sigaction previous_interrupt;
struct sigaction previous_terminate;

void remember(int number) {
  stop_received = true;
  signal(number, SIG_DFL);  // the next one ends the process
}

}  // namespace

StopSignals::StopSignals() {
  stop_received = false;
  struct sigaction action{};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &previous_interrupt);
  sigaction(SIGTERM, &action, &previous_terminate);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &previous_interrupt, nullptr);
  sigaction(SIGTERM, &previous_terminate, nullptr);
}

bool StopSignals::received() { return stop_received; }

}  // namespace rexbert::train
