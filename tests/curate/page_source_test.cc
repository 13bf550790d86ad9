// WET, WARC and HTML files.

#include <gmock/gmock.h>

#include "curate/source_test_util.h"

namespace rexbert::curate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Pages : public SourceTest {};

std::string conversion(int number, std::string_view text) {
  const std::string n = std::to_string(number);
  return warc_record("conversion",
                     "WARC-Target-URI: https://a.example/" + n + "\r\nWARC-Date: 2024-02-2" + n +
                         "T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:" + n +
                         ">\r\nContent-Type: text/plain\r\n",
                     text);
}

std::string response(std::string_view http) {
  return warc_record("response",
                     "warc-target-uri: https://a.example/\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
                     "Content-Type: application/http; msgtype=response\r\n",
                     http);
}

std::string http(std::string_view headers, std::string_view body,
                 std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) + "\r\n" +
         std::string(body);
}

const std::string kHtml = "Content-Type: text/html\r\n";
const std::string kLong =
    "This paragraph is long enough to be taken for text: it has more than eighty bytes in it.";
std::string page(std::string_view text) { return "<p>" + std::string(text) + " " + kLong; }

TEST_F(Pages, WetGivesItsConversionRecords) {
  const std::string info = warc_record("warcinfo", "", "Software-Info: x\r\n");
  const SourceResult result = read_source(
      write("a.warc.wet.gz", gzip(info) + gzip(conversion(1, "One\r\nline")) +
                                 gzip(conversion(2, " \n")) + gzip(conversion(3, "Three"))));
  EXPECT_THAT(result.bad, IsEmpty());
  EXPECT_THAT(result.texts, ElementsAre("One\nline", "Three"));
  EXPECT_EQ(result.counts.skipped, 1u);
  EXPECT_EQ(result.counts.empty, 1u);
  const Document& document = result.documents[1];
  EXPECT_EQ(document.id, "<urn:uuid:3>");
  EXPECT_EQ(document.url, "https://a.example/3");
  EXPECT_EQ(document.date, "2024-02-23T00:00:00Z");
  EXPECT_EQ(document.line, 4u);
}

TEST_F(Pages, RecordsOfAllSizesComeWhole) {
  std::string file;
  std::vector<std::string> expected;
  for (size_t size : {1u, 5000u, 262144u, 3000000u, 7u, 700000u}) {
    std::string text;
    for (size_t i = 0; text.size() < size; ++i) text += "WARC " + std::to_string(i) + "\n";
    expected.push_back(text);
    file += conversion(1, text);
  }
  EXPECT_THAT(read_source(write("a.wet", file)).texts, testing::ElementsAreArray(expected));
  EXPECT_THAT(read_source(write("a.wet.zst", zstd(file))).texts,
              testing::ElementsAreArray(expected));
}

TEST_F(Pages, BrokenRecordsAreSteppedOver) {
  SourceOptions options;
  options.max_record_bytes = 1000;
  const std::string first = conversion(1, "good");
  const std::string file =
      first + "rubbish\r\nWARC\r\n" + conversion(2, "good too") +
      "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: x1\r\n\r\nabc\r\n\r\n" +
      conversion(3, std::string(1001, 'x')) + conversion(4, "b\xFF") + conversion(5, "last");
  const SourceResult result = read_source(write("a.wet", file), options);
  EXPECT_THAT(result.texts, ElementsAre("good", "good too", "last"));
  EXPECT_THAT(result.bad,
              ElementsAre(StartsWith("2: offset " + std::to_string(first.size()) +
                                     ": expected a WARC record, got \"rubbish"),
                          HasSubstr(": expected a number as Content-Length, got \"x1\""),
                          HasSubstr(": expected at most 1000 bytes, got 1001"),
                          HasSubstr(": invalid UTF-8")));
  EXPECT_EQ(result.documents[2].line, 7u);
}

TEST_F(Pages, ARecordThatIsCutOffIsNamed) {
  const std::string good = conversion(1, "good");
  const std::string cut = conversion(2, "0123456789");
  const auto bad_of = [&](size_t left) {
    const SourceResult result = read_source(write("a.wet", good + cut.substr(0, left)));
    EXPECT_THAT(result.texts, ElementsAre("good"));
    return result.bad;
  };
  const std::string place = "2: offset " + std::to_string(good.size()) + ": ";
  EXPECT_THAT(bad_of(cut.size() - 6), ElementsAre(place + "expected 10 bytes of content, got 8"));
  EXPECT_THAT(bad_of(30), ElementsAre(place + "it ends in the header"));
  // The compressed file ends in the middle of a member.
  const std::string member = gzip(cut);
  EXPECT_THAT(read_source(write("a.wet.gz", gzip(good) + member.substr(0, member.size() / 2))).bad,
              ElementsAre(StartsWith("2: damaged gzip data: it ends in the middle")));
}

TEST_F(Pages, WarcGivesHtmlResponses) {
  const SourceResult result = read_source(
      write("a.warc.gz", gzip(warc_record("request", "", "GET / HTTP/1.1\r\n\r\n")) +
                             gzip(response(http(kHtml, page("One.")))) +
                             gzip(response(http("content-type: Image/PNG\r\n", "x"))) +
                             gzip(response(http(kHtml, page("Gone."), "404 Not Found"))) +
                             gzip(response("no http at all\r\n\r\n")) +
                             gzip(response(http(kHtml, page("Two."))))));
  EXPECT_THAT(result.texts, ElementsAre("One. " + kLong, "Two. " + kLong));
  EXPECT_EQ(result.counts.skipped, 3u);
  EXPECT_THAT(result.bad, ElementsAre(HasSubstr(": expected an HTTP response, got \"no http")));
  EXPECT_EQ(result.documents[0].url, "https://a.example/");
}

TEST_F(Pages, BodiesAreDecoded) {
  const std::string one = page("One.");
  const std::string chunks = "3\r\n" + one.substr(0, 3) + "\r\n" + "3B;name=x\r\n" +
                             one.substr(3, 0x3b) + "\r\n" + "1000\r\n" + one.substr(3 + 0x3b);
  const std::string chunked = kHtml + "Transfer-Encoding: chunked\r\n";
  const std::string zipped = kHtml + "Content-Encoding: gzip\r\n";
  std::string bomb = gzip(std::string(5 << 20, ' '));
  const SourceResult result = read_source(write(
      "a.warc", response(http(chunked, chunks)) + response(http(chunked, one)) +
                    response(http(zipped, gzip(one))) + response(http(zipped, one)) +
                    response(http(kHtml + "Content-Encoding: br\r\n",
                                  compress({Compression::kBrotli, 5}, one))) +
                    response(http(chunked + "Content-Encoding: gzip\r\n", "FFFF\r\n" + gzip(one))) +
                    response(http(zipped, gzip(one).substr(0, 40))) + response(http(zipped, bomb)) +
                    response(http(kHtml + "Content-Encoding: pack200-gzip\r\n", "xyz"))));
  EXPECT_THAT(result.texts, testing::Each("One. " + kLong));
  EXPECT_EQ(result.texts.size(), 6u);
  EXPECT_THAT(
      result.bad,
      ElementsAre(HasSubstr("page: damaged gzip data: it ends in the middle"),
                  HasSubstr("page: expected at most 4194304 bytes after decompression"),
                  HasSubstr("content encoding \"pack200-gzip\": expected gzip, br or zstd")));
}

TEST_F(Pages, CharsetsBecomeUtf8) {
  const auto read = [&](std::string_view type, std::string_view body) {
    const SourceResult result = read_source(
        write("a.warc", response(http("Content-Type: " + std::string(type) + "\r\n", page(body)))));
    if (!result.bad.empty()) return result.bad[0];
    return result.texts.at(0).substr(0, result.texts.at(0).find(' '));
  };
  EXPECT_EQ(read("text/html; charset=\"UTF-8\"", "caf\u00e9"), "caf\u00e9");
  EXPECT_EQ(read("text/html; Charset=iso-8859-1",
                 "\x80"
                 "5"),
            "\u20ac5");
  EXPECT_EQ(read("text/html; charset=Shift_JIS", "\x8f\xa4\x95\x69"), "\u5546\u54c1");
  EXPECT_EQ(read("text/html; charset=gb2312", "\xc9\xcc\xc6\xb7"), "\u5546\u54c1");
  EXPECT_EQ(read("text/html; charset=windows-1251", "\xf2\xee\xe2\xe0\xf0"),
            "\u0442\u043e\u0432\u0430\u0440");
  EXPECT_EQ(read("text/html", "<meta charset='koi8-r'>\xd4\xcf\xd7\xc1\xd2"),
            "\u0442\u043e\u0432\u0430\u0440");
  EXPECT_EQ(read("text/html",
                 "<meta http-equiv=Content-Type content='text/html; "
                 "charset=windows-1250'>\xbb"),
            "\u00bb");
  EXPECT_EQ(read("text/html", "caf\u00e9"), "caf\u00e9");
  EXPECT_EQ(read("text/html", "caf\xe9"), "caf\u00e9");
  EXPECT_EQ(read("text/html; charset=utf-8", std::string(200, 'x') + "\xff"),
            std::string(200, 'x') + "\ufffd");
  EXPECT_THAT(read("text/html; charset=utf-8", std::string(20, '\xff')),
              HasSubstr("expected text in utf-8, got 20 of "));
  EXPECT_THAT(read("text/html; charset=nope", "x"), HasSubstr("unknown charset \"nope\""));
  EXPECT_THAT(read("text/html; charset=utf-8//IGNORE", "x"), HasSubstr("unknown charset"));
  EXPECT_EQ(read("text/html; charset=x", "").substr(0, 9), "1: offset");
}

TEST_F(Pages, Utf16IsKnownByItsMark) {
  std::string wide = "\xFF\xFE";
  for (const char c : page("wide")) wide += {c, '\0'};
  EXPECT_THAT(read_source(write("a.warc", response(http(kHtml, wide)))).texts,
              ElementsAre("wide " + kLong));
}

TEST_F(Pages, MainTextLeavesOutWhatIsNone) {
  const std::string html =
      "<!DOCTYPE html><html><head><title>Shop</title><style>p{}</style></head><body>"
      "<header><p>" +
      kLong + "</p></header><nav><p>" + kLong +
      "</p></nav>"
      "<ul><li><a href=/a>Women's clothes</a><li><a href=/b>Men's clothes</a></ul>"
      "<p>far above</p><p>one</p><p>two</p>"
      "<main><header><h2>Red&nbsp;lipstick &amp; more</h2></header>"
      "<p>" +
      kLong +
      "</p><p>short <b>between</b></p>"
      "<div>" +
      kLong +
      "<br>second line<br><br>third</div>"
      "<table><tr><td>Weight<td>3 g<tr><td>Colour<td>red</table>"
      "<pre>a  b\nc</pre>"
      "<div style='DISPLAY: none'>" +
      kLong + "</div><div hidden>" + kLong +
      "</div>"
      "<div class='x Breadcrumbs'>" +
      kLong +
      "</div>"
      "<p><a href=/c>" +
      kLong +
      "</a></p>"
      "<script>var a = '" +
      kLong +
      "';</script></main>"
      "<p>far below</p><footer>" +
      kLong + "</footer></body></html>";
  EXPECT_THAT(read_source(write("a.html", html)).texts,
              ElementsAre("one\ntwo\nRed\u00a0lipstick & more\n" + kLong + "\nshort between\n" +
                          kLong + "\nsecond line\nthird\nWeight 3 g\nColour red"));
}

TEST_F(Pages, MainTextFollowsItsOptions) {
  const fs::path path = write("a.html", "<p>" + kLong + "<p>one<p>two<p>" + kLong.substr(0, 40) +
                                            "<a href=x>" + kLong.substr(40) + "</a>");
  SourceOptions options;
  options.main_text.reach = 1;
  EXPECT_THAT(read_source(path, options).texts, ElementsAre(kLong + "\none"));
  options.main_text.max_link_density = 0.9;
  EXPECT_THAT(read_source(path, options).texts, ElementsAre(kLong + "\none\ntwo\n" + kLong));
  options.main_text.min_block_bytes = 1000;
  EXPECT_EQ(read_source(path, options).counts.empty, 1u);
}

TEST_F(Pages, PagesMadeToBeSlowAreRefused) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<div>";
  EXPECT_THAT(read_source(write("a.html", deep)).bad,
              ElementsAre("1: page: expected elements that nest at most 1024 deep, got 100000"));
  std::string wide = "<p";
  for (int i = 0; i < 1000; ++i) wide += " a" + std::to_string(i) + "='>' ";
  EXPECT_THAT(read_source(write("a.html", wide + ">x</p>")).bad,
              ElementsAre("1: page: expected tags of at most 256 attributes, got 1000"));
  // Each paragraph opens all formatting elements anew.
  std::string wild = "<p>";
  for (int i = 0; i < 1000; ++i) wild += "<b id=" + std::to_string(i) + ">";
  for (int i = 0; i < 20000; ++i) wild += "<p>x";
  EXPECT_THAT(read_source(write("b.html", wild)).bad,
              ElementsAre(StartsWith("1: page: expected a tree of at most ")));
}

TEST_F(Pages, WhatLooksLikeManyTagsIsNone) {
  std::string html = "<p>" + kLong + "<script>";
  for (int i = 0; i < 2000; ++i) html += "'<div>' a <b c ";
  html += "</SCRIPT><!--";
  for (int i = 0; i < 2000; ++i) html += "<div>";
  html += "-->";
  for (int i = 0; i < 2000; ++i) html += "<div title='<div>'>x</div><br><li>y";
  EXPECT_EQ(read_source(write("a.html", html)).texts.size(), 1u);
}

TEST_F(Pages, ProductsComeFromJsonLd) {
  SourceOptions options;
  options.page_content = PageContent::kProducts;
  const auto ld = [](std::string_view json) {
    return "<script type=\"application/ld+json\">" + std::string(json) + "</script>";
  };
  const SourceResult result = read_source(
      write("a.warc",
            response(http(kHtml, "<p>x" + ld("{broken") +
                                     ld("{\"@type\":\"Product\",\"name\":\"A &amp; <b>\","
                                        "\"offers\":{\"price\":5,\"priceCurrency\":\"EUR\"}}"))) +
                response(http(kHtml, page("no product"))) + response(http(kHtml, ld("{broken")))),
      options);
  EXPECT_THAT(result.texts, ElementsAre("A &amp; <b>\n5 EUR"));
  EXPECT_EQ(result.documents[0].url, "https://a.example/");
  EXPECT_EQ(result.counts.skipped, 1u);
  EXPECT_THAT(result.bad, ElementsAre(HasSubstr("JSON-LD: broken JSON: ")));
}

}  // namespace
}  // namespace rexbert::curate
