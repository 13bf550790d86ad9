#include "cli/command_line_docs.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "rexbert/core/error.h"
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

// A word must follow its name.
bool takes_value(const CLI::Option& option) {
  return !names(option).empty() && option.get_items_expected_max() > 0;
}

// "auto jsonl text" of the type "TEXT:{auto,jsonl,text}"; empty where any word will do.
std::string choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{');
  const size_t end = type.find('}');
  if (begin == type.npos || end == type.npos) return "";
  return str_join(str_split(type.substr(begin + 1, end - begin - 1), ','), " ");
}

// A command that does something by itself: what follows may be a file, even where it has others
// below it.
bool takes_files(const CLI::App& command) { return command.get_require_subcommand_min() == 0; }

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

// Of an exit status; empty where there is none such. The compiler misses a code that is not here.
std::string_view meaning(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return "a bug";
    case ErrorCode::kUsage:
      return "wrong command line";
    case ErrorCode::kConfig:
      return "a config that cannot be used";
    case ErrorCode::kNotFound:
      return "something is not there";
    case ErrorCode::kIo:
      return "the system refused";
    case ErrorCode::kCorrupt:
      return "damaged data";
    case ErrorCode::kIncompatible:
      return "things that do not fit each other";
    case ErrorCode::kNumeric:
      return "a loss that is not finite";
    case ErrorCode::kPeer:
      return "another process of the run is lost";
    case ErrorCode::kInterrupted:
      return "stopped by a signal";
  }
  return "";
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string commands, flags, files, values;
  walk(app, "", [&](const std::string& path, const CLI::App& command) {
    std::vector<std::string> children, words;
    for (const CLI::App* child : subcommands(command)) children.push_back(child->get_name());
    for (const CLI::Option* option : options(command)) {
      for (const std::string& name : names(*option)) {
        words.push_back(name);
        if (!takes_value(*option)) continue;
        values += str_cat("    ", shell_quote(path + " " + name), ") echo ",
                          shell_quote(choices(*option)), " ;;\n");
      }
    }
    const std::string key = shell_quote(path);
    if (!children.empty()) {
      commands += str_cat("    ", key, ") echo ", shell_quote(str_join(children, " ")), " ;;\n");
      if (takes_files(command)) files += str_cat("    ", key, ") ;;\n");
    }
    flags += str_cat("    ", key, ") echo ", shell_quote(str_join(words, " ")), " ;;\n");
  });
  return str_cat(
      "# bash completion of rexbert, made by `rexbert completion bash`\n",
      "_rexbert_commands() {\n  case $1 in\n", commands, "  esac\n}\n",
      "_rexbert_options() {\n  case $1 in\n", flags, "  esac\n}\n",
      "# Commands below which there are others, and which take files themselves.\n",
      "_rexbert_takes_files() {\n  case $1 in\n", files, "    *) return 1 ;;\n  esac\n}\n",
      "# What may follow an option, nothing for any word; fails where nothing follows.\n",
      "_rexbert_values() {\n  case $1 in\n", values, "    *) return 1 ;;\n  esac\n}\n",
      R"sh(_rexbert() {
  local word=${COMP_WORDS[COMP_CWORD]} path='' option='' offered i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if [[ ${COMP_WORDS[i]} == = ]]; then
      continue  # bash takes --option=value apart
    elif [[ -n $option ]]; then
      option=''  # the word is its value
    elif _rexbert_values "$path ${COMP_WORDS[i]}" >/dev/null; then
      option=${COMP_WORDS[i]}
    elif [[ " $(_rexbert_commands "$path") " == *" ${COMP_WORDS[i]} "* ]]; then
      path+=${path:+ }${COMP_WORDS[i]}
    fi
  done
  [[ $word != = ]] || word=''
  COMPREPLY=()
  if [[ -n $option ]]; then
    offered=$(_rexbert_values "$path $option")
  elif [[ $word == -* ]]; then
    offered=$(_rexbert_options "$path")
  else
    offered=$(_rexbert_commands "$path")
    if _rexbert_takes_files "$path"; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
  fi
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -o bashdefault -o default -F _rexbert rexbert
)sh");
}

std::string zsh_completion(const CLI::App& app) {
  std::string cases;
  walk(app, "", [&](const std::string& path, const CLI::App& command) {
    std::string flags, values;
    for (const CLI::Option* option : options(command)) {
      for (const std::string& name : names(*option)) {
        flags += str_cat("\n        ", described(name, option->get_description()));
        if (takes_value(*option)) {
          values += str_cat("\n        ", shell_quote(name), " ", shell_quote(choices(*option)));
        }
      }
    }
    cases += str_cat("    ", shell_quote(path), ")\n      subcommands=(");
    for (const CLI::App* child : subcommands(command)) {
      cases += str_cat("\n        ", described(child->get_name(), child->get_description()));
    }
    cases += str_cat(")\n      flags=(", flags, ")\n      values=(", values,
                     ")\n      files=", takes_files(command) ? 1 : 0, " ;;\n");
  });
  return str_cat(
      "#compdef rexbert\n# zsh completion of rexbert, made by `rexbert completion zsh`\n",
      "# values: of each option that a word must follow, which ones may; nothing for any word.\n",
      "_rexbert_level() {\n  subcommands=() flags=() values=() files=0\n  case $1 in\n", cases,
      "  esac\n}\n",
      R"sh(_rexbert() {
  local -a subcommands flags
  local -A values
  local level='' option='' word files
  _rexbert_level ''
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ -n $option ]]; then
      option=''  # the word is its value
    elif (( ${+values[$word]} )); then
      option=$word
    elif (( ${subcommands[(I)$word:*]} )); then
      level+=${level:+ }$word
      _rexbert_level "$level"
    fi
  done
  if [[ -z $option && ${words[CURRENT]} == --*=* ]]; then
    option=${words[CURRENT]%%=*}
    compset -P '*='
  fi
  if [[ -n $option && -n ${values[$option]} ]]; then
    compadd -- ${=values[$option]}
  elif [[ -n $option ]]; then
    _files
  elif [[ ${words[CURRENT]} == -* ]]; then
    _describe -o option flags
  else
    if (( $#subcommands )); then _describe command subcommands; fi
    if (( files )); then _files; fi
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
  page += ".SH EXIT STATUS\n.TP\n0\nsuccess\n";
  for (int status = 1; status < 256; ++status) {
    const std::string_view text = meaning(static_cast<ErrorCode>(status));
    if (!text.empty()) page += str_cat(".TP\n", status, "\n", text, "\n");
  }
  return page;
}

}  // namespace rexbert::cli
