"""The colours of tokens.css meet WCAG AA in both themes, and chart colours stay apart for colour-blind eyes."""

import itertools
import math
import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "config/static/css/tokens.css"
THEMES = {"light": 0, "dark": 1}
Rgb = tuple[float, float, float]

TEXT_PAIRS = [
    *itertools.product(("ink", "muted", "accent", "accent-hover", "danger", "warning"), ("paper", "surface", "sunken")),
    ("accent", "accent-tint"),
    ("warning", "warning-tint"),
    ("danger", "danger-tint"),
    *itertools.product(("ink", "muted"), ("accent-tint", "warning-tint", "danger-tint")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
    ("paper", "ink"),
]
# WCAG 1.4.11: what is needed to recognise a control or a part of a chart.
GRAPHIC_PAIRS = [
    *itertools.product(("line-strong", "focus", "accent"), ("paper", "surface")),
    *((f"series-{number}", "surface") for number in range(1, 9)),
]
# Machado, Oliveira and Fernandes 2009, severity 1, applied to linear RGB.
BLINDNESS = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
FULL_SIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# In OKLab, times 100; about 2 is one just noticeable step. The first four carry most charts, so they lie further apart.
LEAST_APART = {4: 11.0, 8: 6.5}


def tokens(theme: str) -> dict[str, Rgb]:
    found = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS.read_text())
    return {name: linear(pair[THEMES[theme]]) for name, *pair in found}


def linear(code: str) -> Rgb:
    parts = [int(code[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    dark, light = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (one, other))
    return (light + 0.05) / (dark + 0.05)


def times(matrix: tuple[Rgb, ...], vector: Rgb) -> Rgb:
    red, green, blue = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return red, green, blue


def oklab(colour: Rgb) -> Rgb:
    to_lms = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    to_lab = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    long, medium, short = (max(part, 0.0) ** (1 / 3) for part in times(to_lms, colour))
    return times(to_lab, (long, medium, short))


def apart(one: Rgb, other: Rgb, sight: tuple[Rgb, ...]) -> float:
    seen = (oklab(times(sight, colour)) for colour in (one, other))
    return 100 * math.dist(*seen)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back"), TEXT_PAIRS)
def test_text_can_be_read(theme: str, front: str, back: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back"), GRAPHIC_PAIRS)
def test_controls_and_chart_parts_can_be_seen(theme: str, front: str, back: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[front], colours[back]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", [FULL_SIGHT, *BLINDNESS.values()], ids=["full", *BLINDNESS])
@pytest.mark.parametrize("count", LEAST_APART)
def test_chart_colours_are_told_apart(theme: str, sight: tuple[Rgb, ...], count: int) -> None:
    colours = tokens(theme)
    series = {name: colours[name] for name in (f"series-{number}" for number in range(1, count + 1))}
    for one, other in itertools.combinations(series, 2):
        assert apart(series[one], series[other], sight) >= LEAST_APART[count], f"{one} and {other}"
