#!/usr/bin/env bash
# The library as others see it: installs it, moves the tree, builds every example against that tree
# alone with each compiler that is here, and runs it on a made corpus; then what find_package() and the
# command of that tree promise.
#
#   scripts/examples.sh [WORK_DIR]
#
#   WORK_DIR    default build/examples; emptied first. Another one must be new, empty or of an earlier run
#   -h, --help  print this
#
# After scripts/check.sh or a build of the preset `release`.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
(($# <= 1)) || { usage >&2 && die "expected one folder at most, got $# words"; }
default=$repository/build/examples
work=$(realpath -m "${1:-$default}")
mark=$work/.made_by_examples
if [[ -e $work && $work != "$default" && ! -f $mark ]]; then
  [[ -d $work && -z $(ls -A "$work") ]] || die "$work is not empty, and not of an earlier run: left as it is"
fi
cd "$repository"
rm -rf "$work"
mkdir -p "$work"
touch "$mark"

cmake --build --preset release --target install_components
cmake --install build/release --prefix "$work/installed" >/dev/null
mv "$work/installed" "$work/moved"
tree=$work/moved
rexbert=$tree/bin/rexbert
torch=$(sed -n 's/^REXBERT_LIBTORCH_ROOT:INTERNAL=//p' build/release/CMakeCache.txt)

"$rexbert" corpus sample --output "$work/text" --general 300 --long 1 --products 300 >/dev/null
"$rexbert" tokenizer train --input "$work/text" --output "$work/tokenizer" --vocabulary-size 1024 >/dev/null
"$rexbert" tokenize "$work/text/general.jsonl" --tokenizer "$work/tokenizer" --output "$work/shards" >/dev/null
cat >"$work/config.yaml" <<CONFIG
run: {name: example, directory: "\${RUN}", seed: 1, threads: 1}
model: {vocabulary_size: 1024, layers: 3, hidden_size: 64, intermediate_size: 96, attention_heads: 2}
tokenizer: {path: "$work/tokenizer"}
streams: {text: {path: "$work/shards"}}
data: {lanes: 8, micro_tokens: 512}
phases:
  - name: all
    tokens: 1M
    context_length: 128
    rope_theta: {global: 12345, local: 10000}
    learning_rate: {schedule: warmup_stable, peak: 1e-3, warmup: 10k}
    batch: {rows: 8}
    masking: {policy: uniform, probability: 0.3}
    mixture: {text: 1.0}
CONFIG

build() { # COMPILER EXAMPLE
  cmake -S "examples/$2" -B "$work/$1/$2" -G Ninja --no-warn-unused-cli -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$1" \
    -DCMAKE_CXX_FLAGS="-Wall -Wextra" -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" \
    -DCMAKE_PREFIX_PATH="$tree" -DREXBERT_LIBTORCH="$torch" >/dev/null
  cmake --build "$work/$1/$2" --parallel "$(compile_jobs)" >/dev/null
  say "built $2 with $1"
}

run_all() { # COMPILER
  local bin=$work/$1
  "$bin/read_shards/read_shards" "$work/shards" "$work/tokenizer" >"$bin/read_shards.txt"
  if ldd "$bin/read_shards/read_shards" | grep -i torch; then die "read_shards links LibTorch"; fi

  # Forty steps at once, and twice twenty.
  RUN=$bin/whole "$bin/custom_training/custom_training" "$work/config.yaml" 40 >"$bin/whole.txt"
  RUN=$bin/parts "$bin/custom_training/custom_training" "$work/config.yaml" 20 >"$bin/parts.txt"
  RUN=$bin/parts "$bin/custom_training/custom_training" "$work/config.yaml" 40 >>"$bin/parts.txt"
  diff "$bin/whole.txt" "$bin/parts.txt" || die "custom_training: a resume changes the losses"
  # Its checkpoint is what the command's own would be: the same model, and one that is used as it lies.
  RUN=$bin/command "$rexbert" train --config "$work/config.yaml" --stop-at-step 40 >"$bin/command.log" 2>&1
  diff "$bin"/{whole,command}/checkpoints/step-000000040/config.json || die "custom_training: another config.json"
  echo "a lamp" | "$rexbert" embed - --format text --checkpoint "$bin/whole" --output "$bin/vectors.npy" >"$bin/embed.log" 2>&1 ||
    die "custom_training: rexbert embed does not take its checkpoint"

  RUN=$bin/objective "$bin/custom_objective/custom_objective" "$work/config.yaml" 20 >"$bin/objective.txt"
  [[ $(wc -l <"$bin/objective.txt") == 20 ]] || die "custom_objective: expected 20 steps"

  # A rate that warms up for long: the smoothed loss of some steps lies above an earlier one.
  RUN=$bin/callback "$bin/custom_callback/custom_callback" "$work/config.yaml" 1 >"$bin/callback.txt" 2>"$bin/callback.log"
  grep -q "stopped by the callback" "$bin/callback.txt" || die "custom_callback: did not stop"
  say "ran all with $1"
}

compilers=()
for compiler in g++ clang++; do
  if command -v "$compiler" >/dev/null; then compilers+=("$compiler"); else say "skipped: no $compiler here"; fi
done
for example in examples/*/; do  # one file each: with the compilers side by side
  builds=()
  for compiler in "${compilers[@]}"; do
    build "$compiler" "$(basename "$example")" &
    builds+=($!)
  done
  for process in "${builds[@]}"; do wait "$process"; done
done
for compiler in "${compilers[@]}"; do run_all "$compiler"; done

# The same by pkg-config.
mkdir -p "$work/pkg-config"
PKG_CONFIG_PATH=$tree/lib/pkgconfig bash -c '
  g++ examples/read_shards/read_shards.cc $(pkg-config --cflags --libs rexbert-data) -o "$1/read_shards"' _ "$work/pkg-config"
"$work/pkg-config/read_shards" "$work/shards" "$work/tokenizer" | diff - "$work/g++/read_shards.txt"

cmake -S tests/package -B "$work/package" -G Ninja -DCMAKE_PREFIX_PATH="$tree" -DREXBERT_LIBTORCH="$torch" >/dev/null
say "find_package: as promised"

# Outside of the development presets the target `all` builds what is installed.
cmake -S . -B "$work/plain" -G Ninja -DREXBERT_BUILD_TESTS=OFF -DREXBERT_LIBTORCH="$torch" >/dev/null
[[ $(ninja -C "$work/plain" -t query all) == *install_components* ]] || die "a plain build lacks what is installed"

# Parquet, by the module of the moved tree; the command is called by its name alone, where a lib/ lies beside the working
# directory.
if [[ $("$rexbert" --version) == *"Parquet ON"* ]]; then
  mkdir -p "$work/parquet/lib" "$work/parquet/here"
  : >"$work/parquet/lib/librexbert_parquet.so"
  printf '{"id": "%s", "text": "a red shoe", "url": "https://example.org/", "domain": "shoes"}\n' a b \
    >"$work/parquet/rows.jsonl"
  build/release/bin/rexbert_write_parquet "$work/parquet/rows.jsonl" "$work/parquet/here/rows.parquet" 1
  (
    cd "$work/parquet/here"
    printf 'run: {directory: out}\ninput: {paths: [rows.parquet]}\n' >config.yaml
    PATH=$tree/bin:$PATH rexbert curate explore --config config.yaml
    grep -q '"documents": 2' out/explore/explore.json || die "Parquet: expected 2 documents in $PWD/out"
  )
  say "read Parquet"
else
  say "skipped: this build does not read Parquet (scripts/setup.sh --parquet)"
fi
say "examples: all built and run against $tree"
