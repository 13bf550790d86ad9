#pragma once

// Documents in: crawls, feeds and datasets, one file at a time, with bounded memory.
//
//   auto source = open_source(env, path, options, on_bad);
//   Document document;
//   while (source->next(document)) ...

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/curate/document.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::curate {

// All but Parquet also with .zst, .zstd or .gz behind the name.
enum class SourceFormat {
  kByExtension,
  kJsonLines,  // .jsonl, .json: an object a line
  kPlainText,  // .txt
  kTsv,        // .tsv: columns parted by tabs, their names in the first line
  kHtml,       // .html, .htm: the file is a page
  kWet,        // .wet: Common Crawl's texts, WARC records of the type conversion
  kWarc,       // .warc: WARC records of the type response that hold HTML
  kParquet,    // .parquet: a row is a document; only in a build with Arrow (parquet_available())
};

// Where JSON lines, TSV and Parquet hold what a Document has: paths as of text::JsonFields, names
// of columns in TSV. An empty or absent member leaves it empty; only the text must be there.
struct SourceFields {
  std::string text = "text";  // a member or column by its whole name, that holds a string
  std::string id = "id";      // absent or empty: "<file name>:<line>"
  std::string url = "url";
  std::string domain = "domain";
  std::string date = "date";
  std::string score = "score";
};

// Fields by the name of a dataset: "default"; "finefineweb" (m-a-p/FineFineWeb, which has text, url
// and domain); "fineweb" (HuggingFaceFW/fineweb, whose score is language_score); "fineweb-edu"
// (whose score is that of its classifier). Throws Error(kUsage) for another.
SourceFields fields_of(std::string_view dataset);

// What becomes of an HTML page.
enum class PageContent {
  kMainText,  // its text without navigation and boilerplate
  kProducts,  // the schema.org products in its JSON-LD, by the template; other pages are skipped
};

// How the text of a page is told from its boilerplate, as jusText does, by the blocks of which the
// page consists (paragraphs, headings, rows of tables, list entries).
struct MainTextOptions {
  // A block with a larger share of its bytes in links is boilerplate. Default 0.4.
  double max_link_density = 0.4;
  // A block this long is text. Default 80 bytes; lower keeps more captions and menus.
  uint32_t min_block_bytes = 80;
  // A shorter block is kept between two such, or this many blocks before or behind one at the most.
  // Default 3: headings, prices and properties of a product lie around its description.
  uint32_t reach = 3;
};

struct SourceOptions {
  SourceFormat format = SourceFormat::kByExtension;
  SourceFields fields = {};
  // Makes the text of fields ("{title}\n{brand} {offers.price}\n{description}") instead of taking
  // fields.text. Names are paths as in SourceFields; "{{" and "}}" are braces. A line whose fields
  // are all empty is dropped; else an empty field yields nothing. A document with no field at all
  // is empty. For JSON lines, TSV, Parquet and products. Default: none; for products, and with a
  // json_type, kProductTemplate.
  std::string text_template = {};
  // Between the entries of a list. Default ", ".
  std::string list_separator = ", ";
  // JSON lines: take the objects of this schema.org type ("Product"), wherever in a line they lie,
  // as one document; other lines are skipped. Default: none, the line's object is the document.
  std::string json_type = {};
  PageContent page_content = PageContent::kMainText;
  MainTextOptions main_text = {};
  // The domain of documents whose source names none. Default: none.
  std::string domain = {};
  // What a document of a plain text file is. Default: a line.
  text::PlainTextUnit plain_text_unit = text::PlainTextUnit::kLine;
  // A longer record is bad and stepped over. Default 64 MiB; memory is about sixteen times the
  // longest record met.
  uint64_t max_record_bytes = uint64_t{64} << 20;
  // A longer page, decompressed, is bad. Default 4 MiB. A page's tree takes 64 times as much memory
  // at the most (above that it is bad), and one made to be slow some seconds.
  uint64_t max_page_bytes = uint64_t{4} << 20;
};

inline constexpr std::string_view kProductTemplate =
    "{name}\n{brand} {offers.price} {offers.priceCurrency}\n{description}";

using SourceCounts = text::ReadCounts;

// The documents of one file, in order.
//
// What is broken is handed to the handler as a BadLine with file, line (in WARC files and Parquet:
// record, row; all 1-based) and reason, and counted; reading goes on behind it if the handler
// returns. A file that is damaged, ends in the middle or as a whole is not of its format (a TSV
// header or a Parquet file without the text) is a BadLine too, and the last.
class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  // Moves to the next document; false at the end. Throws what the handler throws, and Error(kIo).
  virtual bool next(Document& document) = 0;
  virtual const SourceCounts& counts() const = 0;
};

// Throws Error(kNotFound) when there is no such file; Error(kUsage) when its format is unknown, a
// template is malformed, or the build cannot read Parquet.
std::unique_ptr<DocumentSource> open_source(Env& env, const fs::path& path,
                                            const SourceOptions& options, text::OnBadLine on_bad);

// Extensions of all formats, for text::expand_inputs().
const std::vector<std::string>& source_extensions();

// Whether this build reads Parquet.
bool parquet_available();

}  // namespace rexbert::curate
