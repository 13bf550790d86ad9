#include "rexbert/config/node.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::config {
namespace {

// Builds Nodes from parser events, which carry what yaml-cpp's own nodes lose: quoting, the line of
// every key, and keys written twice.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::string source) : source_(std::move(source)) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail(mark.line + 1, "expected one YAML document, got a second");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(mark, NodeKind::kNull), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark.line + 1, "an alias inside the value that it names");
    add(Node(found->second), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = leaf(mark, NodeKind::kScalar);
    node.scalar = value;
    node.quoted = tag == "!";
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({leaf(mark, NodeKind::kList), anchor, {}, false, 0});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({leaf(mark, NodeKind::kMap), anchor, {}, false, 0});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::string key;
    bool has_key;
    int key_line;
  };

  [[noreturn]] void fail(int line, std::string_view what) const {
    throw Error(ErrorCode::kConfig, str_cat(source_, ":", line, ": ", what));
  }

  Node leaf(const YAML::Mark& mark, NodeKind kind) const {
    Node node;
    node.kind = kind;
    node.source = source_;
    node.line = mark.line + 1;
    return node;
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == NodeKind::kList) {
      parent.node.list.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != NodeKind::kScalar) fail(node.line, "a key must be a plain word");
      if (const Node* first = parent.node.find(node.scalar)) {
        fail(node.line, str_cat("duplicate key ", str_quote(node.scalar),
                                ", first written in line ", first->line));
      }
      parent.key = node.scalar;
      parent.key_line = node.line;
      parent.has_key = true;
    } else {
      // The parser notices that a value is missing only at what follows.
      if (node.kind == NodeKind::kNull) node.line = parent.key_line;
      parent.node.map.emplace_back(std::move(parent.key), std::move(node));
      parent.has_key = false;
    }
  }

  std::string source_;
  Node root_;
  int documents_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
};

void expand_variables(Node& node) {
  for (Node& item : node.list) expand_variables(item);
  for (auto& [key, value] : node.map) expand_variables(value);
  // "${N}" in quotes, which flow style needs, is what N holds: a number where that is one.
  if (node.scalar.starts_with("${") && node.scalar.find('}') + 1 == node.scalar.size()) {
    node.quoted = false;
  }
  size_t begin = 0;
  while ((begin = node.scalar.find("${", begin)) != std::string::npos) {
    const size_t end = node.scalar.find('}', begin);
    if (end == std::string::npos) {
      throw Error(ErrorCode::kConfig, str_cat(node.where(), ": expected \"}\" after \"${\", got ",
                                              str_quote(node.scalar)));
    }
    const std::string inside = node.scalar.substr(begin + 2, end - begin - 2);
    const size_t fallback = inside.find(":-");
    const std::string name = inside.substr(0, fallback);
    const char* found = std::getenv(name.c_str());
    if (found == nullptr && fallback == std::string::npos) {
      throw Error(ErrorCode::kConfig, str_cat(node.where(), ": environment variable ", name,
                                              " is not set; write ${", name,
                                              ":-fallback} to "
                                              "allow that"));
    }
    const std::string value = found != nullptr ? found : inside.substr(fallback + 2);
    node.scalar.replace(begin, end - begin + 1, value);
    begin += value.size();
  }
}

// `over` wins; maps are merged key by key.
void merge_below(Node& over, Node under) {
  if (over.kind != NodeKind::kMap || under.kind != NodeKind::kMap) return;
  for (auto& [key, value] : under.map) {
    bool present = false;
    for (auto& [own_key, own] : over.map) {
      if (own_key != key) continue;
      present = true;
      merge_below(own, std::move(value));
      break;
    }
    if (!present) over.map.emplace_back(key, std::move(value));
  }
}

// The child that one step of a dotted path names: a key of a map or an index of a list.
Node* child_of(Node& node, const std::string& step) {
  if (node.kind == NodeKind::kList) {
    const bool is_number = !step.empty() && step.size() < 10 &&
                           step.find_first_not_of("0123456789") == std::string::npos;
    const size_t index = is_number ? std::stoul(step) : node.list.size();
    return index < node.list.size() ? &node.list[index] : nullptr;
  }
  for (auto& [key, member] : node.map) {
    if (key == step) return &member;
  }
  return nullptr;
}

// Reads files and puts what they include below their own keys.
class IncludeResolver {
 public:
  explicit IncludeResolver(Env& env) : env_(env) {}

  Node load_file(const fs::path& path) {
    const fs::path file = path.lexically_normal();
    if (!open_files_.insert(file).second) {
      throw Error(ErrorCode::kConfig, str_cat(file.string(), ": includes itself"));
    }
    Node root = parse_yaml(env_.read_file(file), file.string());
    if (root.kind == NodeKind::kNull) {
      root = Node::make_map();
      root.source = file.string();
      root.line = 1;
    }
    if (root.kind != NodeKind::kMap) {
      throw Error(ErrorCode::kConfig,
                  str_cat(root.where(), ": expected a map of keys, got ", root.described()));
    }
    expand_variables(root);
    resolve(root, file);
    open_files_.erase(file);
    return root;
  }

 private:
  void resolve(Node& node, const fs::path& file) {
    for (Node& item : node.list) resolve(item, file);
    for (auto& [key, value] : node.map) resolve(value, file);
    const auto entry = std::find_if(node.map.begin(), node.map.end(),
                                    [](const auto& member) { return member.first == "include"; });
    if (entry == node.map.end()) return;
    const Node include = std::move(entry->second);
    node.map.erase(entry);
    const std::vector<Node> targets =
        include.kind == NodeKind::kList ? include.list : std::vector<Node>{include};
    // The last file of the list wins over those before it.
    for (auto target = targets.rbegin(); target != targets.rend(); ++target) {
      merge_below(node, with_context(str_cat(target->where(), ": include"),
                                     [&] { return load_target(*target, file); }));
    }
  }

  // "file.yaml" or "file.yaml#path.inside".
  Node load_target(const Node& target, const fs::path& file) {
    if (target.kind != NodeKind::kScalar) {
      throw Error(ErrorCode::kConfig, str_cat("expected a path, got ", target.described()));
    }
    const size_t hash = target.scalar.find('#');
    const fs::path path = file.parent_path() / target.scalar.substr(0, hash);
    Node root = load_file(path);
    if (hash == std::string::npos) return root;
    Node* at = &root;
    const std::string inside = target.scalar.substr(hash + 1);
    for (const std::string& step : str_split(inside, '.')) {
      if (at != nullptr) at = child_of(*at, step);
    }
    if (at == nullptr || at->kind != NodeKind::kMap) {
      throw Error(ErrorCode::kConfig, str_cat(path.lexically_normal().string(),
                                              ": expected a map at ", str_quote(inside), ", got ",
                                              at == nullptr ? "nothing" : at->described()));
    }
    return Node(*at);
  }

  Env& env_;
  std::set<fs::path> open_files_;
};

void set_source(Node& node, const std::string& source) {
  node.source = source;
  node.line = 0;
  for (Node& item : node.list) set_source(item, source);
  for (auto& [key, value] : node.map) set_source(value, source);
}

void emit(YAML::Emitter& out, const Node& node, bool with_origin) {
  switch (node.kind) {
    case NodeKind::kNull:
      out << YAML::Null;
      break;
    case NodeKind::kScalar:
      if (node.quoted) out << YAML::DoubleQuoted;
      out << node.scalar;
      break;
    case NodeKind::kList: {
      const bool flat = !node.list.empty() && node.list.front().kind == NodeKind::kScalar;
      if (flat || node.list.empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const Node& item : node.list) emit(out, item, with_origin && !flat);
      out << YAML::EndSeq;
      break;
    }
    case NodeKind::kMap:
      if (node.map.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& [key, value] : node.map) {
        out << YAML::Key << key << YAML::Value;
        emit(out, value, with_origin);
      }
      out << YAML::EndMap;
      return;
  }
  if (with_origin && !node.source.empty()) out << YAML::Comment(node.where());
}

}  // namespace

std::string Node::where() const { return line > 0 ? str_cat(source, ":", line) : source; }

std::string Node::described() const {
  switch (kind) {
    case NodeKind::kNull:
      return "nothing";
    case NodeKind::kScalar:
      return quoted ? str_quote(scalar) : scalar;
    case NodeKind::kList:
      return str_cat("a list of ", list.size());
    case NodeKind::kMap:
      return "a map";
  }
  return "nothing";
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

Node Node::make_scalar(std::string value) {
  Node node;
  node.kind = NodeKind::kScalar;
  node.scalar = std::move(value);
  return node;
}
Node Node::make_list() {
  Node node;
  node.kind = NodeKind::kList;
  return node;
}
Node Node::make_map() {
  Node node;
  node.kind = NodeKind::kMap;
  return node;
}

Node parse_yaml(std::string_view text, const std::string& source) {
  std::istringstream input{std::string(text)};
  Builder builder(source);
  try {
    YAML::Parser parser(input);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& failure) {
    throw Error(ErrorCode::kConfig,
                str_cat(source, ":", failure.mark.line + 1, ": not valid YAML: ", failure.msg));
  }
  return builder.take();
}

Node load_config(Env& env, const fs::path& path, const std::vector<std::string>& overrides) {
  Node root = IncludeResolver(env).load_file(path);
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  return root;
}

void apply_override(Node& root, std::string_view assignment) {
  const size_t equals = assignment.find('=');
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kConfig, str_cat("--set ", assignment, ": ", what));
  };
  if (equals == std::string_view::npos || equals == 0) {
    fail("expected key.path=value, such as phases.0.tokens=10M");
  }
  const std::string source = str_cat("--set ", assignment.substr(0, equals));
  Node value = parse_yaml(assignment.substr(equals + 1), source);
  set_source(value, source);
  expand_variables(value);

  Node* at = &root;
  for (const std::string& step : str_split(assignment.substr(0, equals), '.')) {
    if (at->kind == NodeKind::kNull) {
      *at = Node::make_map();
      at->source = source;
    }
    if (at->kind == NodeKind::kScalar) {
      fail(str_cat(str_quote(step), " lies inside ", at->described(), " (", at->where(), ")"));
    }
    Node* next = child_of(*at, step);
    if (next == nullptr && at->kind == NodeKind::kList) {
      fail(str_cat("expected an index below ", at->list.size(), ", got ", str_quote(step)));
    }
    at = next != nullptr ? next : &at->map.emplace_back(step, Node()).second;
  }
  *at = std::move(value);
}

std::string to_yaml(const Node& node, bool with_origin) {
  YAML::Emitter out;
  emit(out, node, with_origin);
  return std::string(out.c_str()) + "\n";
}

}  // namespace rexbert::config
