"""Draws the loss curves of a run's metrics.jsonl as a self-contained SVG. Standard library only.

usage: plot_curves.py METRICS_JSONL OUTPUT_SVG [TITLE]
"""
import json
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 420, 60, 150, 40, 50
COLOURS = ["#1b6ca8", "#d1495b", "#2e8b57", "#8e6c8a", "#e08e45"]


def read(path):
    with open(path, encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


def smooth(points, window=15):
    out = []
    for i in range(len(points)):
        part = points[max(0, i - window + 1): i + 1]
        out.append((points[i][0], sum(y for _, y in part) / len(part)))
    return out


def series(rows):
    """name -> [(tokens, loss)]: the training loss, smoothed, and each held-out stream's."""
    curves = {"training": smooth([(r["tokens"], r["loss"]) for r in rows if r["kind"] == "train"])}
    for row in rows:
        if row["kind"] != "eval":
            continue
        for name, score in row.items():
            if isinstance(score, dict):
                curves.setdefault("held-out " + name, []).append((row["tokens"], score["loss"]))
    return curves


def nice_step(span):
    for step in (0.1, 0.2, 0.25, 0.5, 1, 2, 5):
        if span / step <= 8:
            return step
    return 10


def draw(rows, title):
    curves = series(rows)
    every = [p for points in curves.values() for p in points]
    x_max = max(x for x, _ in every)
    y_min, y_max = min(y for _, y in every), max(y for _, y in every)
    step = nice_step(y_max - y_min)
    y_min, y_max = step * int(y_min / step), step * (int(y_max / step) + 1)

    def x_of(tokens):
        return LEFT + (WIDTH - LEFT - RIGHT) * tokens / x_max

    def y_of(loss):
        return TOP + (HEIGHT - TOP - BOTTOM) * (y_max - loss) / (y_max - y_min)

    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="15">{title}</text>']
    loss = y_min
    while loss <= y_max + 1e-9:
        svg.append(f'<path d="M{LEFT} {y_of(loss):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y_of(loss) + 4:.1f}" text-anchor="end">{loss:g}</text>')
        loss += step
    for i in range(8):
        tokens = x_max * i / 7
        svg.append(f'<text x="{x_of(tokens):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{tokens / 1e6:.1f}M</text>')
    svg.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">tokens</text>')
    svg.append(f'<text x="16" y="{HEIGHT / 2}" text-anchor="middle" '
               f'transform="rotate(-90 16 {HEIGHT / 2})">loss, nats a masked token</text>')
    begin = 0
    for row in rows:
        if row["kind"] != "phase":
            continue
        x = x_of(row["tokens"])
        svg.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#888" stroke-dasharray="4 4"/>'
                   f'<text x="{(x_of(begin) + x) / 2:.1f}" y="{TOP - 6}" text-anchor="middle" '
                   f'fill="#555">{row["ended"].replace("_", " ")}</text>')
        begin = row["tokens"]
    for i, (name, points) in enumerate(curves.items()):
        colour = "#bbb" if name == "training" else COLOURS[i % len(COLOURS)]
        path = "M" + "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in points)
        svg.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 14 + 20 * i
        svg.append(f'<path d="M{WIDTH - RIGHT + 10} {y - 4}h20" stroke="{colour}" stroke-width="3"/>'
                   f'<text x="{WIDTH - RIGHT + 36}" y="{y}">{name}</text>')
    return "\n".join(svg + ["</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    text = draw(read(sys.argv[1]), sys.argv[3] if len(sys.argv) == 4 else "")
    with open(sys.argv[2], "w", encoding="utf8") as out:
        out.write(text)
