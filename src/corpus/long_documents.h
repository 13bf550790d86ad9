#pragma once

#include <string>

#include "corpus/grammar.h"

namespace rexbert::corpus {

// A story of a journey told in chapters: 7,000 to 26,000 words. Each member of the company comes
// with a home, a craft, a keepsake and a number, each halt with a name, a distance and a find;
// later chapters name them together again.
std::string write_narrative(Draw& draw);

// The manual of a machine, as long: parts, settings and error codes come in tables at the start,
// and the procedures after them repeat their numbers, codes, sizes and torques.
std::string write_manual(Draw& draw);

}  // namespace rexbert::corpus
