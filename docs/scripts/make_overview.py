"""docs/images/overview-light.svg and overview-dark.svg, the picture of the README: python docs/scripts/make_overview.py"""

from __future__ import annotations

from pathlib import Path

OUT = Path(__file__).parents[1] / "images"
NAMES = ("ink", "soft", "line", "card", "edge", "strong", "fill")
THEMES = {
    "light": dict(zip(NAMES, ("#1f2933", "#52606d", "#9aa5b1", "#f5f7fa", "#cbd2d9", "#00796b", "#e0f2f1"), strict=True)),
    "dark": dict(zip(NAMES, ("#e6edf3", "#9fb0c0", "#6b7a89", "#1c232b", "#3b4754", "#4db6ac", "#12312e"), strict=True)),
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def text(x: float, y: float, words: str, colour: str, size: int = 14, weight: int = 400, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">{words}</text>'


def card(x: float, y: float, width: float, height: float, fill: str, edge: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'


def chip(x: float, y: float, width: float, words: str, c: dict[str, str], strong: bool = False) -> str:
    fill, edge = (c["fill"], c["strong"]) if strong else (c["card"], c["line"])
    box = f'<rect x="{x}" y="{y}" width="{width}" height="26" rx="13" fill="{fill}" stroke="{edge}"/>'
    return box + text(x + width / 2, y + 18, words, c["ink"], 13)


def arrow(x: float, y: float, length: float, above: str, below: str, c: dict[str, str]) -> str:
    line = f'<path d="M{x} {y}h{length - 9}" stroke="{c["strong"]}" stroke-width="2.5" fill="none"/>'
    head = f'<path d="M{x + length} {y}l-11 -6v12z" fill="{c["strong"]}"/>'
    middle = x + length / 2
    return line + head + text(middle, y - 12, above, c["ink"], 13, 600) + text(middle, y + 22, below, c["soft"], 12)


def draw(c: dict[str, str]) -> str:
    parts = [
        card(10, 20, 250, 240, c["card"], c["edge"]),
        text(135, 50, "Teachers", c["ink"], 18, 600),
        text(135, 72, "may see every sensor", c["soft"], 13),
        chip(35, 90, 95, "film", c),
        chip(140, 90, 95, "skeleton", c),
        chip(35, 124, 200, "IMUs on 12 body segments", c),
        chip(35, 158, 200, "accelerometer, gyroscope", c),
        text(135, 214, "needed for training only", c["soft"], 13),
        text(135, 234, "recordings or simulated people", c["soft"], 13),
        arrow(268, 140, 104, "distillation", "soft targets", c),
        card(380, 60, 200, 160, c["fill"], c["strong"]),
        text(480, 92, "Student", c["ink"], 18, 600),
        text(480, 114, "sees one cheap sensor", c["soft"], 13),
        chip(405, 128, 150, "accelerometer", c, True),
        chip(405, 162, 150, "camera keypoints", c, True),
        text(480, 208, "23k to 45k parameters", c["soft"], 13),
        arrow(588, 140, 104, "ONNX, int8", "65 to 82 kB", c),
        card(700, 20, 250, 240, c["card"], c["edge"]),
        text(825, 50, "Device", c["ink"], 18, 600),
        text(825, 72, "offline, without PyTorch", c["soft"], 13),
        chip(725, 90, 95, "watch", c),
        chip(830, 90, 95, "camera", c),
        chip(725, 124, 200, "Raspberry Pi, PC, browser", c),
        text(825, 186, "possible fall", c["strong"], 15, 600),
        text(825, 207, "still down after 7 s", c["strong"], 15, 600),
        text(825, 234, "no picture is stored", c["soft"], 13),
    ]
    title = "Teachers that see every sensor are distilled into a student that sees one, which runs on the device."
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 280" role="img" font-family="{FONT}"><title>{title}</title>'
    return "\n".join([head, *parts, "</svg>\n"])


def main() -> None:
    for name, colours in THEMES.items():
        (OUT / f"overview-{name}.svg").write_text(draw(colours))


if __name__ == "__main__":
    main()
