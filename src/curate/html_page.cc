#include "curate/html_page.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>

#include "curate/header_fields.h"
#include "curate/html_cost.h"
#include "curate/html_elements.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

// Memory for one parse tree, given back as a whole: Gumbo's own way to do so recurses, and some
// pages nest too deep for that. Where the limit is reached it leaves the parser by longjmp, which
// is fine as there is only C between.
class Arena {
 public:
  explicit Arena(size_t limit) : left_(limit) {}
  ~Arena() {
    for (void* chunk : chunks_) std::free(chunk);
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Null when there was no memory left.
  const GumboOutput* parse(std::string_view html) {
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = [](void* arena, size_t size) {
      return static_cast<Arena*>(arena)->allocate(size);
    };
    options.deallocator = [](void*, void*) {};
    options.userdata = this;
    options.max_errors = 0;
    if (setjmp(out_of_memory_) != 0) return nullptr;
    return gumbo_parse_with_options(&options, html.data(), html.size());
  }

 private:
  static constexpr size_t kChunkBytes = size_t{256} << 10;
  static constexpr size_t kAlignment = alignof(std::max_align_t);

  void* allocate(size_t size) {
    size = (std::max<size_t>(size, 1) + kAlignment - 1) / kAlignment * kAlignment;
    if (size > room_) {
      const size_t bytes = std::max(size, kChunkBytes);
      void* const chunk = bytes <= left_ ? std::malloc(bytes) : nullptr;
      if (chunk == nullptr) longjmp(out_of_memory_, 1);
      chunks_.push_back(chunk);
      left_ -= bytes;
      next_ = static_cast<char*>(chunk);
      room_ = bytes;
    }
    room_ -= size;
    return std::exchange(next_, next_ + size);
  }

  std::vector<void*> chunks_;
  char* next_ = nullptr;
  size_t room_ = 0;
  size_t left_;
  std::jmp_buf out_of_memory_;
};

std::string_view attribute(const GumboElement& element, const char* name) {
  const GumboAttribute* const found = gumbo_get_attribute(&element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

bool is_hidden(const GumboElement& element) {
  if (element.attributes.length == 0) return false;
  if (gumbo_get_attribute(&element.attributes, "hidden") != nullptr) return true;
  if (attribute(element, "aria-hidden") == "true") return true;
  std::string style = to_lower_ascii(attribute(element, "style"));
  std::erase(style, ' ');
  return style.find("display:none") != std::string::npos ||
         style.find("visibility:hidden") != std::string::npos;
}

// Whether the page says, by a role or a class, that this is no part of its content.
bool is_marked_as_boilerplate(const GumboElement& element) {
  if (element.attributes.length == 0) return false;
  if (is_boilerplate_role(attribute(element, "role"))) return true;
  return has_boilerplate_name(attribute(element, "class")) ||
         has_boilerplate_name(attribute(element, "id"));
}

const GumboVector* children_of(const GumboNode& node) {
  switch (node.type) {
    case GUMBO_NODE_DOCUMENT:
      return &node.v.document.children;
    case GUMBO_NODE_ELEMENT:
      return &node.v.element.children;
    default:
      return nullptr;  // what lies in a <template> is not shown
  }
}

// Calls enter(node), which says whether to go below it, and then leave(node), for all nodes of a
// tree in order. Keeps its own stack.
template <class Enter, class Leave>
void walk(const GumboNode* root, Enter enter, Leave leave) {
  struct Frame {
    const GumboNode* node;
    const GumboVector* children;
    unsigned next;
  };
  std::vector<Frame> stack;
  const auto visit = [&](const GumboNode* node) {
    const GumboVector* const children = children_of(*node);
    if (enter(*node) && children != nullptr) {
      stack.push_back({node, children, 0});
    } else {
      leave(*node);
    }
  };
  visit(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    if (frame.next < frame.children->length) {
      visit(static_cast<const GumboNode*>(frame.children->data[frame.next++]));
    } else {
      const GumboNode* const node = frame.node;
      stack.pop_back();
      leave(*node);
    }
  }
}

// Puts texts together to blocks.
class BlockBuilder {
 public:
  void add_text(std::string_view text) {
    for (const char c : text) {
      if (c == '\n' && preformatted > 0) {
        break_line();
      } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
        blank_ = true;
      } else {
        if (blank_ && !block_.text.empty() && block_.text.back() != '\n') add(' ');
        blank_ = false;
        add(c);
      }
    }
  }
  void add_blank() { blank_ = true; }
  // Two breaks with nothing between end a block, as one would see it.
  void break_line() {
    if (block_.text.empty()) return;
    if (block_.text.back() == '\n') return end_block();
    add('\n');
    blank_ = false;
  }
  void end_block() {
    block_.text.resize(str_trim(block_.text).size());  // it never begins with a blank
    if (!block_.text.empty()) blocks_.push_back(std::move(block_));
    block_ = {};
    blank_ = false;
  }
  std::vector<HtmlBlock> take() {
    end_block();
    return std::move(blocks_);
  }

  int links = 0;
  int preformatted = 0;

 private:
  void add(char c) {
    block_.text += c;
    if (links > 0) ++block_.link_bytes;
  }

  HtmlBlock block_;
  bool blank_ = false;
  std::vector<HtmlBlock> blocks_;
};

// Goes through a page and tells a builder what a reader would see.
class BlockWalk {
 public:
  std::vector<HtmlBlock> run(const GumboNode* root) {
    walk(
        root, [this](const GumboNode& node) { return enter(node); },
        [this](const GumboNode& node) { leave(node); });
    return builder_.take();
  }

 private:
  bool enter(const GumboNode& node) {
    switch (node.type) {
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_CDATA:
      case GUMBO_NODE_WHITESPACE:
        builder_.add_text(node.v.text.text);
        return false;
      case GUMBO_NODE_ELEMENT:
        return enter_element(node.v.element);
      default:
        return node.type == GUMBO_NODE_DOCUMENT;
    }
  }

  bool enter_element(const GumboElement& element) {
    const GumboTag tag = element.tag;
    open(tag, 1);
    if (tag == GUMBO_TAG_BR) builder_.break_line();
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) builder_.add_blank();
    if (is_block(tag)) builder_.end_block();
    // An article's own header holds its title.
    if (tag == GUMBO_TAG_HEADER) return content_ > 0;
    const bool root = tag == GUMBO_TAG_HTML || tag == GUMBO_TAG_BODY;
    return !is_never_content(tag) && !is_hidden(element) &&
           (root || !is_marked_as_boilerplate(element));
  }

  void leave(const GumboNode& node) {
    if (node.type != GUMBO_NODE_ELEMENT) return;
    const GumboTag tag = node.v.element.tag;
    if (is_block(tag)) builder_.end_block();
    open(tag, -1);
  }

  void open(GumboTag tag, int change) {
    if (tag == GUMBO_TAG_A) builder_.links += change;
    if (tag == GUMBO_TAG_PRE) builder_.preformatted += change;
    if (tag == GUMBO_TAG_ARTICLE || tag == GUMBO_TAG_MAIN) content_ += change;
  }

  BlockBuilder builder_;
  int content_ = 0;  // open <article> and <main>
};

}  // namespace

struct HtmlPage::Tree {
  explicit Tree(size_t limit) : arena(limit) {}
  Arena arena;
  const GumboOutput* output = nullptr;
};

HtmlPage::HtmlPage(std::string_view html) {
  constexpr size_t kBytesOfTreePerByte = 64;
  constexpr size_t kMaxDepth = 1024;
  constexpr size_t kMaxAttributes = 256;
  const HtmlCost cost = html_cost(html);
  if (cost.depth > kMaxDepth) {
    throw Error(ErrorCode::kCorrupt, str_cat("page: expected elements that nest at most ",
                                             kMaxDepth, " deep, got ", cost.depth));
  }
  if (cost.attributes > kMaxAttributes) {
    throw Error(ErrorCode::kCorrupt, str_cat("page: expected tags of at most ", kMaxAttributes,
                                             " attributes, got ", cost.attributes));
  }
  const size_t limit = (size_t{4} << 20) + kBytesOfTreePerByte * html.size();
  tree_ = std::make_unique<Tree>(limit);
  tree_->output = tree_->arena.parse(html);
  if (tree_->output == nullptr) {
    throw Error(ErrorCode::kCorrupt,
                str_cat("page: expected a tree of at most ", limit, " bytes, got more"));
  }
}

HtmlPage::~HtmlPage() = default;

std::vector<HtmlBlock> HtmlPage::blocks() const { return BlockWalk().run(tree_->output->document); }

std::vector<std::string> HtmlPage::json_ld() const {
  std::vector<std::string> texts;
  const auto enter = [&](const GumboNode& node) {
    if (node.type != GUMBO_NODE_ELEMENT || node.v.element.tag != GUMBO_TAG_SCRIPT) return true;
    const GumboElement& script = node.v.element;
    const std::string_view type = attribute(script, "type");
    if (to_lower_ascii(str_trim(type.substr(0, type.find(';')))) == "application/ld+json") {
      std::string& text = texts.emplace_back();
      for (unsigned i = 0; i < script.children.length; ++i) {
        text += static_cast<const GumboNode*>(script.children.data[i])->v.text.text;
      }
    }
    return false;
  };
  walk(tree_->output->document, enter, [](const GumboNode&) {});
  return texts;
}

}  // namespace rexbert::curate
