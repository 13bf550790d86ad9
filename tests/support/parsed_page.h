#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <gumbo.h>

#include <set>
#include <string>
#include <vector>

#include "rexbert/core/strings.h"

namespace rexbert::test {

// What a browser makes of a page.
struct ParsedPage {
  unsigned errors = 0;
  std::multiset<std::string> elements;
  std::vector<std::string> attributes;  // name=value
  std::string text;

  explicit ParsedPage(const std::string& html) {
    GumboOutput* output = gumbo_parse_with_options(&kGumboDefaultOptions, html.data(), html.size());
    errors = output->errors.length;
    visit(*output->root);
    gumbo_destroy_output(&kGumboDefaultOptions, output);
  }

 private:
  void visit(const GumboNode& node) {
    if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE) {
      text += node.v.text.text;
      return;
    }
    if (node.type != GUMBO_NODE_ELEMENT) return;
    const GumboElement& element = node.v.element;
    elements.insert(gumbo_normalized_tagname(element.tag));
    for (unsigned i = 0; i < element.attributes.length; ++i) {
      const auto* attribute = static_cast<const GumboAttribute*>(element.attributes.data[i]);
      attributes.push_back(str_cat(attribute->name, "=", attribute->value));
    }
    for (unsigned i = 0; i < element.children.length; ++i) {
      visit(*static_cast<const GumboNode*>(element.children.data[i]));
    }
  }
};

inline void expect_self_contained(const ParsedPage& page) {
  EXPECT_EQ(page.errors, 0u);
  for (const char* element : {"script", "link", "img", "iframe", "object", "a", "form", "base"}) {
    EXPECT_EQ(page.elements.count(element), 0u) << element;
  }
  for (const std::string& attribute : page.attributes) {
    EXPECT_THAT(attribute, ::testing::Not(::testing::HasSubstr("http")));
    EXPECT_FALSE(attribute.starts_with("src=") || attribute.starts_with("href=") ||
                 attribute.starts_with("xlink:href=") || attribute.starts_with("on"))
        << attribute;
  }
}

}  // namespace rexbert::test
