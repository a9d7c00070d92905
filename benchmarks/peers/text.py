"""The result of the comparison for reading on a terminal."""

from typing import Any

from benchmarks.peers.baseline import Change
from moco_bench.cli.text_table import text_table


def as_text(result: dict[str, Any]) -> str:
    """The result for reading: one table per encoder, and one of the losses."""
    machine, load = result["machine"], result["surroundings"]["foreign_load"]
    ceilings = ", ".join(f"{name} {value:.0f} GFLOP/s" for name, value in result["ceiling_gflops"].items())
    blocks = [
        f"{machine['cpu']}, {machine['cores']} cores, bfloat16: {machine['bfloat16']}; device {result['device']}, "
        f"{result['timing']['threads']} threads\n"
        f"matmuls: {ceilings}; other processes used {100 * load:.0f} % of the CPU"
    ]
    for encoder, contenders in result["throughput"].items():
        share = result["ceiling_share"][encoder]
        table = text_table(
            ("contender", "images/s", "quartiles"), [_speed(name, speed) for name, speed in contenders.items()]
        )
        batch = result["workload"]["batch_sizes"][encoder]
        ratios = text_table(
            ("times as fast as", *result["ratios"][encoder]),
            [
                (title, *(_ratio(result, key, encoder, peer) for peer in result[key][encoder]))
                for key, title in (
                    ("ratios", f"moco_bench {result['precision']}"),
                    ("ratios_float32", "moco_bench float32"),
                    ("ratios_compiled", f"moco_bench {result['precision']} compiled"),
                )
                if any(value is not None for value in result[key][encoder].values())
                and not (key == "ratios_float32" and result["precision"] == "float32")  # the same row again
            ],
        )
        blocks.append(
            f"{encoder}, batches of {batch}; {result['precision']} reaches {100 * share:.0f} % of the matmul ceiling\n"
            f"{table}\n\n{ratios}{_other_precision(result, encoder)}"
        )
    work = result["workload"]
    losses = text_table(
        ("loss", "K", "time / plain", "memory / plain", "ms", "MiB"),
        [
            (
                rule,
                str(size),
                f"{cost['time_ratio']:.2f}",
                f"{cost['peak_memory_ratio']:.3f}",
                f"{cost['milliseconds']['streamed']:.0f}",
                f"{cost['peak_mib']['streamed']:.1f}",
            )
            for key, size in (("loss", work["loss_queue"]), ("loss_short_queue", work["short_loss_queue"]))
            for rule, cost in result[key].items()
        ],
    )
    blocks.append(f"loss alone, B {work['loss_batch']}\n{losses}")
    return "\n\n".join(blocks)


def comparison_as_text(compared: list[Change]) -> str:
    """Each figure then and now, the slower ones marked."""
    rows = [
        (change.name, f"{change.then:.4g}", f"{change.now:.4g}", "SLOWER" if change.slower else "")
        for change in compared
    ]
    return "\n" + text_table(("against the baseline", "then", "now", ""), rows)


def _speed(name: str, speed: dict[str, Any]) -> tuple[str, str, str]:
    if "absent" in speed:
        return name, "-", speed["absent"]
    low, high = speed["quartiles"]
    return name, f"{speed['images_per_second']:.0f}", f"{low:.0f} - {high:.0f}"


def _ratio(result: dict[str, Any], key: str, encoder: str, peer: str) -> str:
    ratio = result[key][encoder][peer]
    if ratio is None:
        return "-"
    low, high = result["ratio_quartiles"][key][encoder][peer]
    return f"{ratio:.2f} ({low:.2f} - {high:.2f})"


def _other_precision(result: dict[str, Any], encoder: str) -> str:
    """A line where `train.precision: auto` chose the slower precision, by the quartiles over rounds; else empty."""
    found = result["bfloat16_over_float32"][encoder]
    if found is None:
        return ""
    chosen, (low, high) = result["precision"], found["quartiles"]
    if low <= 1 <= high or (chosen == "bfloat16") == (low > 1):
        return ""
    return (
        f"\n\n`precision: auto` is {chosen} here, and that is the slower one: in bfloat16 a step is "
        f"{found['ratio']:.2f} ({low:.2f} - {high:.2f}) times as fast as in float32"
    )
