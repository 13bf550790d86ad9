#include "cli/command_line_docs.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"

namespace rexbert::cli {
namespace {

std::vector<const CLI::App*> subcommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<const CLI::Option*> options(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

// "-v", "--verbose"; none of a positional argument.
std::vector<std::string> names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

// Calls `visit(path, command)` for the program ("") and all commands ("shards verify").
template <class Visit>
void walk(const CLI::App& app, const std::string& path, const Visit& visit) {
  visit(path, app);
  for (const CLI::App* command : subcommands(app)) {
    walk(*command, path + (path.empty() ? "" : " ") + command->get_name(), visit);
  }
}

// In single quotes of a shell.
std::string shell_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

// Up to the first sentence's end; on one line.
std::string summary(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  const size_t end = line.find(". ");
  return end == line.npos ? line : line.substr(0, end);
}

// One entry of zsh's _describe.
std::string described(const std::string& name, const std::string& text) {
  std::string escaped;
  for (const char c : name) escaped += c == ':' ? "\\:" : std::string(1, c);
  return shell_quote(escaped + ":" + summary(text));
}

// Text of a manual page: no line begins with a control character, "-" is a minus.
std::string troff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

std::string manual_of_option(const CLI::Option& option) {
  std::vector<std::string> shown = names(option);
  if (shown.empty()) shown.push_back(option.get_name(/*positional=*/true));
  std::string line = "\\fB" + troff(str_join(shown, ", ")) + "\\fR";
  if (option.get_expected_max() > 0 && !names(option).empty()) {
    line += " \\fI" + troff(option.get_type_name()) + "\\fR";
  }
  std::string text = option.get_description();
  if (!option.get_default_str().empty()) text += " (default " + option.get_default_str() + ")";
  if (option.get_required()) text += " (required)";
  return str_cat(".TP\n", line, "\n", troff(text), "\n");
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string commands, flags;
  walk(app, "", [&](const std::string& path, const CLI::App& command) {
    std::vector<std::string> children, words;
    for (const CLI::App* child : subcommands(command)) children.push_back(child->get_name());
    for (const CLI::Option* option : options(command)) {
      for (const std::string& name : names(*option)) words.push_back(name);
    }
    const std::string key = shell_quote(path);
    if (!children.empty()) {
      commands += str_cat("    ", key, ") echo ", shell_quote(str_join(children, " ")), " ;;\n");
    }
    flags += str_cat("    ", key, ") echo ", shell_quote(str_join(words, " ")), " ;;\n");
  });
  return str_cat("# bash completion of rexbert, made by `rexbert completion bash`\n",
                 "_rexbert_commands() {\n  case $1 in\n", commands, "  esac\n}\n",
                 "_rexbert_options() {\n  case $1 in\n", flags, "  esac\n}\n",
                 R"sh(_rexbert() {
  local word=${COMP_WORDS[COMP_CWORD]} path='' i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if [[ " $(_rexbert_commands "$path") " == *" ${COMP_WORDS[i]} "* ]]; then
      path+=${path:+ }${COMP_WORDS[i]}
    fi
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_rexbert_options "$path")" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_rexbert_commands "$path")" -- "$word")
  fi
}
complete -o bashdefault -o default -F _rexbert rexbert
)sh");
}

std::string zsh_completion(const CLI::App& app) {
  std::string cases;
  walk(app, "", [&](const std::string& path, const CLI::App& command) {
    cases += str_cat("    ", shell_quote(path), ")\n      subcommands=(");
    for (const CLI::App* child : subcommands(command)) {
      cases += str_cat("\n        ", described(child->get_name(), child->get_description()));
    }
    cases += ")\n      flags=(";
    for (const CLI::Option* option : options(command)) {
      for (const std::string& name : names(*option)) {
        cases += str_cat("\n        ", described(name, option->get_description()));
      }
    }
    cases += ") ;;\n";
  });
  return str_cat(
      "#compdef rexbert\n# zsh completion of rexbert, made by `rexbert completion zsh`\n",
      "_rexbert_level() {\n  subcommands=() flags=()\n  case $1 in\n", cases, "  esac\n}\n",
      R"sh(_rexbert() {
  local -a subcommands flags
  local level='' word
  _rexbert_level ''
  for word in "${(@)words[2,CURRENT-1]}"; do
    if (( ${subcommands[(I)$word:*]} )); then
      level+=${level:+ }$word
      _rexbert_level "$level"
    fi
  done
  if [[ ${words[CURRENT]} == -* ]]; then
    _describe -o option flags
  elif (( $#subcommands )); then
    _describe command subcommands
  else
    _files
  fi
}
_rexbert "$@"
)sh");
}

std::string manual_page(const CLI::App& app) {
  std::string page =
      str_cat(".TH REXBERT 1 \"\" \"RexBERT ", kVersion,
              "\" \"User Commands\"\n.SH NAME\nrexbert \\- ", troff(app.get_description()),
              "\n.SH SYNOPSIS\n.B rexbert\n\\fIcommand\\fR [\\fIoptions\\fR]\n");
  walk(app, "", [&](const std::string& path, const CLI::App& command) {
    if (path.empty()) {
      page += ".SH OPTIONS\n";
    } else {
      page += str_cat(path.find(' ') == path.npos ? ".SH COMMAND " : ".SS ", "\"rexbert ",
                      troff(path), "\"\n", troff(command.get_description()), "\n");
    }
    for (const CLI::Option* option : options(command)) page += manual_of_option(*option);
    if (const std::string footer = command.get_footer(); !footer.empty()) {
      page += str_cat(".PP\n.nf\n", troff(footer), "\n.fi\n");
    }
  });
  return page +
         ".SH EXIT STATUS\n0 success; 1 a bug; 2 wrong command line; 3 a config that cannot be "
         "used; 4 "
         "something is not there;\n5 the system refused; 6 damaged data; 7 things that do not fit "
         "each other; 8 a loss that is not finite;\n9 another process of the run is lost; 130 "
         "stopped by a signal.\n";
}

}  // namespace rexbert::cli
