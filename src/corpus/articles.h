#pragma once

#include <string>

#include "corpus/grammar.h"

namespace rexbert::corpus {

// An encyclopedic article of a few paragraphs about one invented subject.
std::string write_article(Draw& draw);

}  // namespace rexbert::corpus
