"""A line filter of JSON lines in datatrove, the peer of tools/curation_peers.py: each line is scored by a fastText
model, lines above a threshold are kept, and documents that keep enough. Lines are scored as they are, for making
the features of `rexbert curate` in Python would cost the peer more.

usage: datatrove_filter.py {own,batched} INPUT OUTPUT_DIR MODEL THRESHOLD MIN_SHARE MIN_LENGTH

`own` is datatrove's FastTextClassifierFilter by paragraphs, which takes one line at a time. `batched` gives all
lines of a document to the model at once, in lower case. Runs in what tools/datatrove-requirements.txt lists.
"""
import argparse
import pathlib
import tempfile

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import FastTextClassifierFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.text import SPLIT_TEXT_PARAGRAPHS

LABEL = "ecommerce"


class LineFilter(FastTextClassifierFilter):
    """datatrove's own, and the rule for documents."""

    def __init__(self, arguments):
        super().__init__(str(arguments.model), keep_labels=(LABEL, arguments.threshold),
                         save_labels_in_metadata=False, filter_mode=SPLIT_TEXT_PARAGRAPHS)
        self.min_share = arguments.min_share
        self.min_length = arguments.min_length

    def keep_lines(self, document):
        super().filter(document)

    def filter(self, doc):
        size = len(doc.text)
        self.keep_lines(doc)
        return len(doc.text) >= max(self.min_length, self.min_share * size)


class BatchedLineFilter(LineFilter):
    """One call of the model for a document."""

    def keep_lines(self, document):
        lines = document.text.split("\n")
        labels_L, _ = self.model.predict([line.lower() for line in lines], k=2, threshold=self.keep_labels[0][1])
        document.text = "\n".join(line for line, labels in zip(lines, labels_L) if f"__label__{LABEL}" in labels)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("kind", choices=("own", "batched"))
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("threshold", type=float)
    parser.add_argument("min_share", type=float)
    parser.add_argument("min_length", type=int)
    arguments = parser.parse_args()
    make_filter = BatchedLineFilter if arguments.kind == "batched" else LineFilter
    with tempfile.TemporaryDirectory() as logs:
        LocalPipelineExecutor(
            [JsonlReader(str(arguments.input.parent), glob_pattern=arguments.input.name, compression=None),
             make_filter(arguments),
             JsonlWriter(str(arguments.output), "${rank}.jsonl", compression=None, expand_metadata=True)],
            tasks=1, workers=1, logging_dir=logs).run()


if __name__ == "__main__":
    main()
