"""check_layers.py must find each kind of bad include and a module that says nothing of itself, and
nothing in a good tree."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))
import check_layers  # noqa: E402


class LayersTest(unittest.TestCase):
    def problems(self, files):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return check_layers.check_tree(root)[0]

    def one_problem(self, path, include, expected, others=()):
        files = dict.fromkeys(others, "")
        files[path] = f"// first line\n#include {include}\n"
        target = include[1:-1]
        self.assertEqual(self.problems(files), [f"{path}:2: includes {target}: {expected}"])

    def test_good_tree(self):
        self.assertEqual(
            self.problems({
                "include/rexbert/core/error.h": "#include <string>\n",
                "include/rexbert/shard/index.h": '#include "rexbert/core/error.h"\n',
                "src/shard/index.cc": '#include "rexbert/shard/index.h"\n#include "shard/parts.h"\n',
                "src/shard/parts.h": "#pragma once\n",
                "src/core/log.cc": "#include <spdlog/spdlog.h>\n",
                "src/config/node.cc": "#include <yaml-cpp/yaml.h>\n",
                "src/cli/main.cc": '#include <CLI/CLI.hpp>\n#include "rexbert/shard/index.h"\n',
                "src/tokenizer/train.cc": "#include <sentencepiece_trainer.h>\n",
                "src/dist/gloo.cc": "#include <torch/csrc/distributed/c10d/Store.hpp>\n",
                "src/nn/encoder.cc": "#include <ATen/ATen.h>\n",
            }), [])

    def test_downward_use(self):
        self.one_problem("src/core/json.cc", '"rexbert/config/node.h"',
                         "core may not use config (it may use: nothing)")
        self.one_problem("include/rexbert/plan/plan.h", '"rexbert/batch/loader.h"',
                         "plan may not use batch (it may use: core config)")

    def test_path_from_src(self):
        self.one_problem("src/shard/a.cc", '"plan/detail.h"',
                         "shard may not use plan (it may use: core config net)")

    def test_relative_path_does_not_hide_a_module(self):
        self.one_problem("src/shard/a.cc", '"../plan/detail.h"',
                         "shard may not use plan (it may use: core config net)",
                         others=["src/plan/detail.h"])

    def test_training_does_not_see_the_sample_corpus(self):
        self.assertIn("train may not use corpus",
                      self.problems({"src/train/a.cc": '#include "rexbert/corpus/x.h"\n'})[0])

    def test_unknown_module(self):
        self.assertIn("there is no module util",
                      self.problems({"src/core/a.cc": '#include "rexbert/util/x.h"\n'})[0])
        self.assertIn("there is no module util", self.problems({"src/util/a.cc": ""})[0])

    def test_walls(self):
        for header, library, room in [
            ("yaml-cpp/yaml.h", "yaml-cpp", "config/"),
            ("spdlog/spdlog.h", "spdlog", "core/log.cc"),
            ("CLI/CLI.hpp", "CLI11", "cli/"),
            ("sentencepiece_processor.h", "SentencePiece", "tokenizer/"),
            ("unicode/normalizer2.h", "ICU", "tokenizer/"),
            ("curl/curl.h", "libcurl", "net/"),
            ("torch/csrc/distributed/c10d/Store.hpp", "c10d", "dist/"),
        ]:
            with self.subTest(header):
                self.one_problem("src/nn/a.cc", f"<{header}>",
                                 f"{library} may only be used in src/{room}")

    def test_spdlog_only_in_one_file_of_core(self):
        self.one_problem("src/core/error.cc", "<spdlog/spdlog.h>",
                         "spdlog may only be used in src/core/log.cc")

    def test_public_header_shows_no_walled_library(self):
        self.one_problem("include/rexbert/config/node.h", "<yaml-cpp/yaml.h>",
                         "yaml-cpp may not be seen in a public header")
        self.one_problem("include/rexbert/dist/group.h", "<torch/csrc/distributed/c10d/Store.hpp>",
                         "c10d may not be seen in a public header")

    def test_torch_free_modules(self):
        for header in ("torch/torch.h", "ATen/ATen.h", "c10/util/Half.h"):
            with self.subTest(header):
                self.one_problem("src/batch/a.cc", f"<{header}>", "batch is free of LibTorch")

    def test_unusual_spelling_is_seen(self):
        self.assertEqual(len(self.problems({"src/plan/a.cc": "  #  include\t<torch/torch.h>\n"})), 1)

    def test_each_module_has_one_main_header(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            folder = root / "include" / "rexbert" / "plan"
            folder.mkdir(parents=True)
            (folder / "plan.h").write_text("#pragma once\n", encoding="utf-8")
            expected = ('include/rexbert/plan:1: expected one header with a comment that begins '
                        '"// plan: ", found ')
            self.assertEqual(check_layers.unexplained_modules(root), [expected + "none"])
            (folder / "plan.h").write_text("#pragma once\n\n// plan: phases.\n", encoding="utf-8")
            self.assertEqual(check_layers.unexplained_modules(root), [])
            (folder / "report.h").write_text("// plan: a report.\n", encoding="utf-8")
            self.assertEqual(check_layers.unexplained_modules(root), [expected + "plan.h report.h"])

    def test_command_says_where_and_fails(self):
        with tempfile.TemporaryDirectory() as name:
            bad = pathlib.Path(name) / "src" / "plan" / "a.cc"
            bad.parent.mkdir(parents=True)
            bad.write_text("#include <torch/torch.h>\n", encoding="utf-8")
            out = io.StringIO()
            before = sys.argv
            sys.argv = ["check_layers.py", name]
            try:
                with contextlib.redirect_stdout(out):
                    self.assertEqual(check_layers.main(), 1)
            finally:
                sys.argv = before
        self.assertEqual(out.getvalue(),
                         "src/plan/a.cc:1: includes torch/torch.h: plan is free of LibTorch\n"
                         "layers: 1 files, 1 broken rules\n")


if __name__ == "__main__":
    unittest.main()
