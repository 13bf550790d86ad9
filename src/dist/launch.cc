#include "rexbert/dist/launch.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <thread>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::dist {
namespace {

constexpr int kLargestWorld = 1 << 20;
constexpr int kLargestPort = 65535;
// Ports for jobs that name none: below the range that systems hand out by themselves.
constexpr int kFirstJobPort = 10000;
constexpr int kJobPorts = 20000;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kUsage, what); }

int parse_number(const std::string& name, const std::string& text, int most) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc() || stop != end || value < 0 || value > most) {
    refuse(str_cat(name, ": expected a whole number from 0 to ", most, ", got ", str_quote(text)));
  }
  return value;
}

// The environment with numbers in it.
class Variables {
 public:
  explicit Variables(const EnvironmentLookup& lookup) : lookup_(lookup) {}

  std::optional<std::string> text(const std::string& name) const {
    auto value = lookup_(name);
    if (value && value->empty()) value.reset();
    return value;
  }
  std::optional<int> number(const std::string& name, int most = kLargestWorld) const {
    const auto value = text(name);
    return value ? std::optional(parse_number(name, *value, most)) : std::nullopt;
  }
  int needed(const std::string& name, const std::string& launcher) const {
    const auto value = number(name);
    if (!value) refuse(str_cat(name, ": missing; ", launcher, " sets it"));
    return *value;
  }

 private:
  const EnvironmentLookup& lookup_;
};

// The first numbers of SLURM_STEP_TASKS_PER_NODE, "2(x3),1", belong to the first nodes; what counts
// here is this node's, SLURM_NODEID.
int tasks_on_node(const std::string& list, int node) {
  int nodes = 0;
  for (const std::string& part : str_split(list, ',')) {
    const size_t repeat = part.find("(x");
    const std::string name = "SLURM_STEP_TASKS_PER_NODE";
    const int tasks = parse_number(name, part.substr(0, repeat), kLargestWorld);
    const int times =
        repeat == std::string::npos
            ? 1
            : parse_number(name, part.substr(repeat + 2, part.size() - repeat - 3), kLargestWorld);
    nodes += times;
    if (node < nodes) return tasks;
  }
  refuse(str_cat("SLURM_STEP_TASKS_PER_NODE: expected the tasks of node ", node, ", got ",
                 str_quote(list)));
}

// From the variables PREFIX + RANK, SIZE, LOCAL_RANK and LOCAL_SIZE, where `size` is what the
// launcher calls SIZE.
Launch from_variables(const Variables& variables, const std::string& launcher,
                      const std::string& prefix, const std::string& size) {
  Launch launch;
  launch.launcher = launcher;
  launch.rank = variables.needed(prefix + "RANK", launcher);
  launch.world_size = variables.needed(prefix + size, launcher);
  launch.local_rank = variables.needed(prefix + "LOCAL_RANK", launcher);
  launch.local_world_size = variables.needed(prefix + "LOCAL_" + size, launcher);
  return launch;
}

Launch from_torchrun(const Variables& variables) {
  Launch launch = from_variables(variables, "torchrun", "", "WORLD_SIZE");
  launch.store_is_hosted = variables.text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  launch.attempt = variables.text("TORCHELASTIC_RESTART_COUNT").value_or("0");
  return launch;
}

Launch from_slurm(const Variables& variables) {
  Launch launch;
  launch.launcher = "Slurm";
  launch.rank = variables.needed("SLURM_PROCID", launch.launcher);
  launch.world_size = variables.needed("SLURM_STEP_NUM_TASKS", launch.launcher);
  launch.local_rank = variables.needed("SLURM_LOCALID", launch.launcher);
  const auto tasks = variables.text("SLURM_STEP_TASKS_PER_NODE");
  launch.local_world_size =
      tasks ? tasks_on_node(*tasks, variables.needed("SLURM_NODEID", launch.launcher))
            : launch.world_size;
  launch.attempt = variables.text("SLURM_RESTART_COUNT").value_or("0");
  const auto hosts = variables.text("SLURM_STEP_NODELIST");
  if (hosts) launch.address = expand_host_list(*hosts).front();
  const auto job = variables.text("SLURM_JOB_ID");
  if (job) {
    launch.port = kFirstJobPort +
                  parse_number("SLURM_JOB_ID", *job, std::numeric_limits<int>::max()) % kJobPorts;
  }
  return launch;
}

std::optional<Launch> from_launcher(const Variables& variables) {
  if (variables.text("TORCHELASTIC_RUN_ID")) return from_torchrun(variables);
  if (variables.text("OMPI_COMM_WORLD_RANK")) {
    return from_variables(variables, "Open MPI", "OMPI_COMM_WORLD_", "SIZE");
  }
  // A batch script has SLURM_PROCID too, but is no step: it runs once.
  if (variables.text("SLURM_STEP_NUM_TASKS")) return from_slurm(variables);
  return std::nullopt;
}

// One of a launch's numbers, said by hand.
struct Said {
  std::string name;
  std::optional<int> value;
  int Launch::* member;
};

// Takes what is said into `launch`; where `launch` is a launcher's already, it must say the same.
void merge(const std::vector<Said>& all, const std::string& source, bool launched, Launch& launch) {
  bool any = false;
  for (const Said& said : all) {
    if (!said.value) continue;
    any = true;
    if (launched && launch.*said.member != *said.value) {
      refuse(str_cat(said.name, ": expected ", launch.*said.member, " as ", launch.launcher,
                     " says, got ", *said.value));
    }
    launch.*said.member = *said.value;
  }
  if (any && !launched) launch.launcher = source;
}

void read_meeting_place(const LaunchFlags& flags, const Variables& variables, Launch& launch) {
  if (const auto address = variables.text("MASTER_ADDR")) launch.address = *address;
  if (const auto port = variables.number("MASTER_PORT", kLargestPort)) launch.port = *port;
  if (!flags.rendezvous.empty()) {
    const size_t colon = flags.rendezvous.rfind(':');
    if (colon == std::string::npos || colon == 0) {
      refuse(str_cat("--rendezvous: expected host:port, got ", str_quote(flags.rendezvous)));
    }
    launch.address = flags.rendezvous.substr(0, colon);
    launch.port = parse_number("--rendezvous", flags.rendezvous.substr(colon + 1), kLargestPort);
  }
  if (launch.address.empty() && launch.local_world_size == launch.world_size) {
    launch.address = "127.0.0.1";
  }
  if (launch.address.empty() || launch.port == 0) {
    refuse(str_cat("MASTER_ADDR and MASTER_PORT: expected host and port at which the ",
                   launch.world_size, " processes meet (or --rendezvous host:port), got ",
                   launch.address.empty() ? "no host" : "no port"));
  }
}

void check(const Launch& launch) {
  if (launch.world_size < 1) refuse("the number of processes: expected at least 1, got 0");
  if (launch.rank >= launch.world_size) {
    refuse(str_cat("rank: expected 0 to ", launch.world_size - 1, ", as ", launch.launcher,
                   " says that there are ", launch.world_size, ", got ", launch.rank));
  }
  if (launch.local_world_size < 1 || launch.local_world_size > launch.world_size ||
      launch.local_rank >= launch.local_world_size) {
    refuse(str_cat("local rank: expected 0 to ", launch.local_world_size - 1, " of at most ",
                   launch.world_size, ", as ", launch.launcher, " says, got ", launch.local_rank));
  }
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Launch discover_launch(const LaunchFlags& flags, const EnvironmentLookup& environment) {
  const Variables variables(environment);
  const std::optional<Launch> launcher = from_launcher(variables);
  Launch launch = launcher.value_or(Launch());
  const bool by_hand = !launcher && variables.text("RANK") && variables.text("WORLD_SIZE");
  if (!launcher && !by_hand && (variables.text("RANK") || variables.number("WORLD_SIZE") > 1)) {
    refuse("RANK and WORLD_SIZE: expected both, got one of them");
  }
  if (launcher || by_hand) {
    merge({{"RANK", variables.number("RANK"), &Launch::rank},
           {"WORLD_SIZE", variables.number("WORLD_SIZE"), &Launch::world_size}},
          "environment", launcher.has_value(), launch);
  }
  if (launcher || by_hand || flags.rank) {
    merge({{"LOCAL_RANK", variables.number("LOCAL_RANK"), &Launch::local_rank},
           {"LOCAL_WORLD_SIZE", variables.number("LOCAL_WORLD_SIZE"), &Launch::local_world_size}},
          "environment", launcher.has_value(), launch);
  }
  merge({{"--rank", flags.rank, &Launch::rank},
         {"--world-size", flags.world_size, &Launch::world_size},
         {"--local-rank", flags.local_rank, &Launch::local_rank}},
        "flags", launcher || by_hand, launch);
  // By hand nobody says how many are here: as many as there are, or as LOCAL_RANK needs.
  if (!launcher && !variables.text("LOCAL_WORLD_SIZE")) launch.local_world_size = launch.world_size;
  const bool local_is_said = flags.local_rank || variables.text("LOCAL_RANK");
  if (!launcher && !local_is_said) launch.local_rank = launch.rank;
  check(launch);
  if (launch.world_size > 1) read_meeting_place(flags, variables, launch);
  return launch;
}

int threads_of(const Launch& launch) {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t own;
  if (sched_getaffinity(0, sizeof(own), &own) == 0 && CPU_COUNT(&own) < cores) {
    return CPU_COUNT(&own);  // the launcher has shared the cores out itself
  }
  return std::max(1, cores / launch.local_world_size);
}

std::vector<std::string> expand_host_list(std::string_view list) {
  const auto wrong = [&] {
    refuse(str_cat("host list: expected names such as gpu[08-10,12],login, got ", str_quote(list)));
  };
  std::vector<std::string> hosts;
  size_t begin = 0;
  while (begin < list.size()) {
    const size_t open = list.find_first_of("[,", begin);
    if (open == std::string_view::npos || list[open] == ',') {
      hosts.emplace_back(list.substr(begin, open - begin));
      if (hosts.back().empty()) wrong();
      begin = open == std::string_view::npos ? list.size() : open + 1;
      continue;
    }
    const size_t close = list.find(']', open);
    if (close == std::string_view::npos) wrong();
    const std::string prefix(list.substr(begin, open - begin));
    const size_t end = std::min(list.find(',', close), list.size());
    const std::string suffix(list.substr(close + 1, end - close - 1));
    if (suffix.find('[') != std::string::npos) wrong();
    for (const std::string& range : str_split(list.substr(open + 1, close - open - 1), ',')) {
      const size_t dash = range.find('-');
      const std::string first = range.substr(0, dash);
      const std::string last = dash == std::string::npos ? first : range.substr(dash + 1);
      const int from = parse_number("host list", first, kLargestWorld);
      const int to = parse_number("host list", last, kLargestWorld);
      if (from > to) wrong();
      for (int number = from; number <= to; ++number) {
        hosts.push_back(
            str_cat(prefix, str_printf("%0*d", static_cast<int>(first.size()), number), suffix));
      }
    }
    begin = end == list.size() ? end : end + 1;
  }
  if (hosts.empty()) wrong();
  return hosts;
}

}  // namespace rexbert::dist
