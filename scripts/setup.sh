#!/usr/bin/env bash
# Sets up what a build needs: system packages, LibTorch, SentencePiece and the formatter. Run it again
# at any time: what is there is kept, and a second run takes seconds.
#
#   scripts/setup.sh [--no-system] [--cuda] [--oracle] [--parquet] [--spark] [--library]
#                    [--libtorch DIR]
#
#   --no-system     install no system packages; list what is missing and stop if something is
#   --cuda          LibTorch with all CUDA libraries (1.8 GB to download, 4 GB on disk)
#   --oracle        the Python references of the `oracle` tests (2.8 GB to download, 5.8 GB on disk);
#                   their LibTorch serves the build too when there is no other yet
#   --parquet       Arrow's C++ libraries, to read Parquet (55 MB to download, 170 MB on disk)
#   --spark         Apache Spark with a Java to run it, for scripts/spark (500 MB to download, 720 MB on disk)
#   --library       what scripts/examples.sh and the API reference need: Clang, Doxygen, zsh, groff
#                   (800 MB on disk)
#   --libtorch DIR  use an unpacked LibTorch 2.11 or the torch folder of a Python installation
#   -h, --help      print this
#
# System packages come from apt (Debian 12, Ubuntu 24.04); sudo is asked for only when something is
# missing and the user is not root. All else goes into .deps/ of the repository; nothing is installed
# into the system's Python. The default, LibTorch for CPUs, is 519 MB to download and 1.3 GB on disk.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly torch_version=2.11.0
readonly torch_cpu_wheels=(torch nvidia-cuda-runtime nvidia-cuda-cupti)
readonly sentencepiece_version=0.2.1
readonly sentencepiece_sha256=8138cec27c2f2282f4a34d9a016e3374cd40e5c6e9cb335063db66a0a3b71fad
readonly pyarrow_version=26.0.1
readonly clang_format_version=19.1.7
readonly deps="$repository/.deps"
readonly pins="$repository/scripts/oracle-requirements.txt"
readonly spark_pins="$repository/scripts/spark/requirements.txt"

# Debian package, and what shows that it is there: a command, or a header that the compiler finds.
readonly system_packages="
g++                  command g++
cmake                command cmake
ninja-build          command ninja
ccache               command ccache
pkg-config           command pkg-config
git                  command git
python3              command python3
python3-venv         python  venv,ensurepip
nlohmann-json3-dev   header  nlohmann/json.hpp
libsimdjson-dev      header  simdjson.h
libyaml-cpp-dev      header  yaml-cpp/yaml.h
libspdlog-dev        header  spdlog/spdlog.h
libcli11-dev         header  CLI/CLI.hpp
libssl-dev           header  openssl/evp.h
libcurl4-openssl-dev header  curl/curl.h
zlib1g-dev           header  zlib.h
libbz2-dev           header  bzlib.h
libzstd-dev          header  zstd.h
libbrotli-dev        header  brotli/encode.h
libsnappy-dev        header  snappy.h
libxxhash-dev        header  xxhash.h
libfasttext-dev      header  fasttext/fasttext.h
libgumbo-dev         header  gumbo.h
libicu-dev           header  unicode/normalizer2.h
libgloo-dev          header  gloo/config.h
libgtest-dev         header  gtest/gtest.h
libgmock-dev         header  gmock/gmock.h
"

has_header() { printf '#include <%s>\n' "$1" | g++ -std=c++20 -M -x c++ - >/dev/null 2>&1; }

readonly spark_packages="
openjdk-17-jre-headless command java
"

readonly library_packages="
clang                command clang++
doxygen              command doxygen
groff                command groff
zsh                  command zsh
"

# Servers that tests of the label `oracle` talk to.
readonly oracle_packages="
nginx                command nginx
"

missing_packages() {
  local package kind probe packages=${system_packages#$'\n'}
  if [[ $oracle == yes ]]; then packages+=${oracle_packages#$'\n'}; fi
  if [[ $spark == yes ]]; then packages+=${spark_packages#$'\n'}; fi
  if [[ $library == yes ]]; then packages+=${library_packages#$'\n'}; fi
  while read -r package kind probe; do
    case $kind in
      command) PATH="$PATH:/usr/sbin" command -v "$probe" >/dev/null || say "$package" ;;
      python) python3 -c "import $probe" 2>/dev/null || say "$package" ;;
      header) has_header "$probe" || say "$package" ;;
    esac
  done <<<"$packages"
}

set_up_system() {
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    say "system packages: all there"
    return
  fi
  say "system packages missing (by their names in Debian): ${missing[*]}"
  if [[ $system == no ]]; then
    die "install what is missing, or run without --no-system"
  fi
  command -v apt-get >/dev/null ||
    die "this system has no apt-get: install what is missing, then run again with --no-system"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "neither root nor sudo: have an administrator install these"
    as_root=(sudo)
  fi
  say "installing them by apt-get (about 150 MB to download, 700 MB on disk on a bare system)"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} == 0)) || die "still missing after the installation: ${missing[*]}"
}

# announce WHAT DOWNLOAD_MB DISK_MB PEAK_MB: says what comes, and stops where the disk is too small.
announce() {
  local free
  free=$(($(df -Pk "$deps" | awk 'NR == 2 {print $4}') / 1024))
  say "$1: $2 MB to download, $3 MB on disk ($free MB free)"
  ((free >= $4)) || die "$deps: expected $4 MB of free disk for $1 and its unpacking, got $free MB"
}

pinned() { grep -E "^($(IFS='|'; printf '%s' "$*"))==" "$pins"; }

# A Python whose pip we may use: the references' own, or a virtual environment for pip alone.
pip_install() {
  local python="$deps/venv/bin/python"
  if [[ ! -x $python ]]; then
    rm -rf "$deps/venv"
    python3 -m venv "$deps/partial/venv"
    mv "$deps/partial/venv" "$deps/venv"
  fi
  TMPDIR="$deps/partial" "$python" -m pip --disable-pip-version-check "$@"
}

is_libtorch() {
  local version="$1/include/torch/headeronly/version.h"
  [[ -f $1/include/torch/csrc/api/include/torch/torch.h && -f $1/lib/libtorch_cpu.so ]] &&
    grep -q "define TORCH_VERSION_MAJOR ${torch_version%%.*}\$" "$version" &&
    grep -q "define TORCH_VERSION_MINOR $(cut -d. -f2 <<<"$torch_version")\$" "$version"
}

# The CUDA libraries lie beside LibTorch's folder, in nvidia/.
has_cuda() { compgen -G "$1/../nvidia/cudnn/lib/libcudnn.so*" >/dev/null; }

use_torch() {
  ln -sfn "$1" "$deps/partial/torch"
  mv -T "$deps/partial/torch" "$deps/torch"
}

# LibTorch inside the Python references, as a path in .deps/; nothing where they are not.
oracle_torch() {
  local folder
  for folder in "$deps"/oracle/lib/python3*/site-packages/torch; do
    if is_libtorch "$folder" && oracle_is_complete; then say "${folder#"$deps/"}"; fi
  done
}

set_up_torch() {
  if [[ -n $libtorch ]]; then
    is_libtorch "$libtorch" || die "$libtorch: expected LibTorch ${torch_version%.*}, found none there"
    use_torch "$(realpath "$libtorch")"
  elif ! is_libtorch "$deps/torch" || { [[ $cuda == yes ]] && ! has_cuda "$(realpath "$deps/torch")"; }
  then
    local torch
    torch=$(oracle_torch)
    if [[ -n $torch ]]; then
      use_torch "$torch"
    elif [[ $cuda == yes ]]; then
      fetch_torch cuda "$(pinned torch 'nvidia-[a-z0-9-]+')" 1800 4000 6500
    else
      fetch_torch cpu "$(pinned "${torch_cpu_wheels[@]}")" 519 1300 2200
    fi
  fi
  say "LibTorch: $(realpath "$deps/torch")"
}

# fetch_torch KIND REQUIREMENTS DOWNLOAD_MB DISK_MB PEAK_MB
fetch_torch() {
  local folder="libtorch-$torch_version-$1" requirements
  if ! is_libtorch "$deps/$folder/torch"; then
    [[ $(uname -sm) == "Linux x86_64" ]] ||
      die "there are no pinned wheels for $(uname -sm): pass --libtorch DIR"
    announce "LibTorch $torch_version for $1" "$3" "$4" "$5"
    mapfile -t requirements <<<"$2"
    rm -rf "$deps/${folder:?}"
    pip_install install --no-cache-dir --no-deps --no-compile --only-binary :all: \
      --target "$deps/partial/$folder" "${requirements[@]}"
    mv "$deps/partial/$folder" "$deps/$folder"
  fi
  use_torch "$folder/torch"
}

# Prints the pinned packages that are not installed in exactly the pinned version.
oracle_lacks() {
  "$deps/oracle/bin/python" - "$pins" <<'PYTHON'
import importlib.metadata, re, sys

def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()

installed = {plain(d.metadata["Name"]): d.version for d in importlib.metadata.distributions()}
for line in open(sys.argv[1], encoding="utf-8"):
    name, _, version = line.split("#")[0].strip().partition("==")
    if name and installed.get(plain(name)) != version:
        print(f"{name}=={version}")
PYTHON
}

# The mark stands while pip works: a folder that has it was left half made.
oracle_is_complete() {
  [[ -x $deps/oracle/bin/python && ! -e $deps/oracle/.installing ]] &&
    [[ -z $(oracle_lacks 2>&1) ]]
}

set_up_oracle() {
  if ! oracle_is_complete; then
    announce "Python references" 2750 5800 9200
    if [[ -e $deps/oracle/.installing ]]; then rm -rf "$deps/oracle"; fi
    mkdir -p "$deps/oracle"
    : >"$deps/oracle/.installing"
    python3 -m venv "$deps/oracle"
    TMPDIR="$deps/partial" "$deps/oracle/bin/python" -m pip --disable-pip-version-check install \
      --no-cache-dir --no-compile --requirement "$pins"
    rm "$deps/oracle/.installing"
    oracle_is_complete || die "$deps/oracle: not as pinned after the installation: $(oracle_lacks)"
  fi
  say "Python references: $deps/oracle"
}

sentencepiece_is_there() {
  local file
  for file in include/sentencepiece_{processor,trainer}.h lib/libsentencepiece{,_train}.a; do
    [[ -f $deps/sentencepiece/$file ]] || return 1
  done
  grep -q "^Version: $sentencepiece_version\$" "$deps/sentencepiece/lib/pkgconfig/sentencepiece.pc"
}

set_up_sentencepiece() {
  if ! sentencepiece_is_there; then
    announce "SentencePiece $sentencepiece_version, built from its source" 4 10 200
    build_sentencepiece "$deps/partial/spm"
  fi
  say "SentencePiece: $deps/sentencepiece"
}

build_sentencepiece() {
  local work=$1 archive launcher=()
  mkdir -p "$work/out/include" "$work/out/lib/pkgconfig"
  printf 'sentencepiece==%s --hash=sha256:%s\n' "$sentencepiece_version" "$sentencepiece_sha256" \
    >"$work/requirement.txt"
  # pip checks the hash before anything in the archive runs.
  pip_install download --no-cache-dir --no-deps --no-binary :all: --require-hashes \
    --requirement "$work/requirement.txt" --dest "$work"
  archive="$work/sentencepiece-$sentencepiece_version.tar.gz"
  sha256sum --check --quiet <<<"$sentencepiece_sha256  $archive"
  tar -xzf "$archive" -C "$work"
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$work/sentencepiece-$sentencepiece_version/sentencepiece" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DSPM_ENABLE_SHARED=OFF \
    -DSPM_ENABLE_TCMALLOC=OFF "${launcher[@]}"
  cmake --build "$work/build" --parallel "$(compile_jobs)" \
    --target sentencepiece-static sentencepiece_train-static
  cp "$work/sentencepiece-$sentencepiece_version"/sentencepiece/src/sentencepiece_{processor,trainer}.h \
    "$work/out/include/"
  cp "$work/build/src"/libsentencepiece{,_train}.a "$work/out/lib/"
  cp "$work/build/sentencepiece.pc" "$work/out/lib/pkgconfig/"
  rm -rf "$deps/sentencepiece"
  mv "$work/out" "$deps/sentencepiece"
}

pyarrow_is_there() {
  [[ -d $deps/pyarrow/pyarrow-$pyarrow_version.dist-info &&
    -f $deps/pyarrow/pyarrow/include/parquet/arrow/reader.h ]]
}

set_up_parquet() {
  if ! pyarrow_is_there; then
    announce "Arrow $pyarrow_version" 55 170 300
    pip_install install --no-cache-dir --no-deps --no-compile --only-binary :all: \
      --target "$deps/partial/pyarrow" "pyarrow==$pyarrow_version"
    rm -rf "$deps/pyarrow"
    mv "$deps/partial/pyarrow" "$deps/pyarrow"
    pyarrow_is_there || die "$deps/pyarrow: not version $pyarrow_version"
  fi
  say "Arrow: $deps/pyarrow"
}

spark_is_there() {
  [[ -x $deps/spark/bin/spark-submit ]] && cmp --silent "$spark_pins" "$deps/spark/requirements.txt"
}

set_up_spark() {
  if ! spark_is_there; then
    announce "Apache Spark" 456 520 2000
    rm -rf "$deps/spark"
    # Scripts of a virtual environment name its folder: it is made in place, the mark of the pins last.
    python3 -m venv "$deps/spark"
    TMPDIR="$deps/partial" "$deps/spark/bin/python" -m pip --disable-pip-version-check install \
      --no-cache-dir --requirement "$spark_pins"
    cp "$spark_pins" "$deps/spark/requirements.txt"
  fi
  say "Spark: $deps/spark"
}

formatter_is_there() {
  [[ $("$deps/tools/bin/clang-format" --version 2>/dev/null) == *" $clang_format_version"* ]]
}

set_up_formatter() {
  if ! formatter_is_there; then
    announce "clang-format $clang_format_version" 2 4 50
    pip_install install --no-cache-dir --no-deps --no-compile --only-binary :all: \
      --target "$deps/partial/tools" "clang-format==$clang_format_version"
    # pip's own start script finds its package only where Python looks for it.
    ln -sfn ../clang_format/data/bin/clang-format "$deps/partial/tools/bin/clang-format"
    rm -rf "$deps/tools"
    mv "$deps/partial/tools" "$deps/tools"
    formatter_is_there || die "$deps/tools/bin/clang-format: not version $clang_format_version"
  fi
  say "clang-format: $deps/tools/bin/clang-format"
}

system=yes cuda=no oracle=no parquet=no spark=no library=no libtorch=
while (($# > 0)); do
  case $1 in
    --no-system) system=no ;;
    --cuda) cuda=yes ;;
    --oracle) oracle=yes ;;
    --parquet) parquet=yes ;;
    --spark) spark=yes ;;
    --library) library=yes ;;
    --libtorch) libtorch=${2:?"--libtorch needs a folder"} && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && say "setup.sh: unknown option $1" >&2 && exit 2 ;;
  esac
  shift
done

set_up_system
mkdir -p "$deps"
exec {lock}>"$deps/.lock"
flock --nonblock "$lock" || { say "waiting for another setup.sh" && flock "$lock"; }
# Everything is made in partial/ and moved into place when it is whole; what a killed run left goes.
rm -rf "$deps/partial"
mkdir "$deps/partial"
if [[ $oracle == yes ]]; then set_up_oracle; fi
set_up_torch
set_up_sentencepiece
set_up_formatter
if [[ $parquet == yes ]]; then set_up_parquet; fi
if [[ $spark == yes ]]; then set_up_spark; fi
rm -rf "$deps/partial"
say "set up"
