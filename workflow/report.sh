# sh workflow/report.sh SUITE.yaml [SNAKEMAKE_OPTIONS...]
#
# Runs a suite and ends with the path of its report. Where some runs could not finish, the report is made all the same
# from what there is, with its holes named, and the exit code is 1. Bad input: exit code 2 before anything starts.
# Interrupted: exit code 75, and the same command continues.
# BIN is the folder of the environment's commands; without it they are looked up as usual.
set -eu

suite=$1
shift
if [ -n "${BIN:-}" ]; then
	PATH="$(cd "$BIN" && pwd):$PATH"
fi

# Snakemake keeps files in a home, which a container's user may not have.
if [ ! -w "${HOME:-/nowhere}" ]; then
	HOME="$PWD/.snakemake/home"
	mkdir -p "$HOME"
	export HOME
fi

moco-bench plan "$suite"
name=$(python -c 'import sys; from moco_bench.suite.load import load_suite; print(load_suite(sys.argv[1]).name)' "$suite")

trap : INT TERM HUP # Snakemake ends by itself, says so in one line, and its exit code is what counts
status=0
snakemake --configfile "$suite" --quiet host reason "$@" || status=$?
if [ "$status" -eq 75 ]; then
	exit 75
fi
trap - INT TERM HUP
if [ "$status" -ne 0 ]; then
	status=1
	echo "Some jobs did not finish: the report shows what there is. The same command goes on from here." >&2
	moco-bench collect "$suite"
	moco-bench analyse "results/$name"
	moco-bench report "results/$name" --out "reports/$name" >/dev/null
fi
echo "In $PWD, results/$name holds the runs and tables; the report is"
echo "reports/$name/report.html"
exit "$status"
