"""The pictures themselves: each function paints one, from nothing but numbers, in a second or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from marketplace.demo.brushes import (
    colour,
    disc,
    fill,
    glow,
    grain,
    grid,
    lay,
    noise,
    paper,
    ridge,
    to_canvas,
    to_image,
)

if TYPE_CHECKING:
    from numpy.random import Generator

    from marketplace.demo.brushes import Plane


def _rgb(code: str) -> tuple[int, int, int]:
    red, green, blue = colour(code)
    return round(red * 255), round(green * 255), round(blue * 255)


def misty_ranges(rng: Generator) -> Image.Image:
    """Mountains behind mountains at dawn, each range paler than the one before it."""
    width, height = 1280, 860
    canvas = fill(width, height, [(0, "#38507d"), (0.35, "#b78f9c"), (0.55, "#f4c7a1"), (1, "#f7e3c8")])
    lay(canvas, colour("#fff1d6"), 0.9 * glow(width, height, 0.66, 0.47, 0.09, power=2.4))
    lay(canvas, colour("#fff8ea"), disc(width, height, 0.66, 0.47, 0.032))
    _, ys = grid(width, height)
    far, near = np.array(colour("#c99a9a")), np.array(colour("#14202f"))
    for layer in range(7):
        t = layer / 6
        top = 0.46 + 0.085 * layer - (0.20 - 0.012 * layer) * (ridge(rng, width, cells=2.2 + layer) - 0.35)
        cover = np.clip((ys - top[None, :]) * height + 0.5, 0, 1)
        haze = np.clip((ys - top[None, :]) * (4.5 - 2.5 * t), 0, 1) * (0.75 - 0.6 * t)
        tint = far + (near - far) * t**0.8
        rock = tint * (0.94 + 0.12 * noise(rng, width, height, cells=14 + 5 * layer, octaves=4)[..., None])
        slope = rock + (np.array(colour("#f0d3bd")) - rock) * haze[..., None]
        lay(canvas, slope.astype(np.float32), cover.astype(np.float32))
    grain(rng, canvas, 0.012)
    return to_image(canvas)


def ultramarine_flow(rng: Generator) -> Image.Image:
    """Thousands of strokes that follow one invisible current."""
    width, height, scale = 900, 1200, 2
    angle = noise(rng, width, height, cells=2.1, octaves=2) * 2 * np.pi * 1.15
    image = Image.new("RGB", (width * scale, height * scale), _rgb("#f2ede2"))
    draw = ImageDraw.Draw(image)
    palette = [_rgb(c) for c in ("#1c2f8f", "#2f55c8", "#0f1b4d", "#7fa3e8", "#d8a348", "#c2543b", "#e9dcc0")]
    odds = np.array([0.27, 0.24, 0.16, 0.15, 0.06, 0.04, 0.08])
    for _ in range(3600):
        x, y = rng.random() * width, rng.random() * height
        tint = palette[int(rng.choice(len(palette), p=odds))]
        points = []
        for _step in range(int(rng.integers(14, 60))):
            if not (0 <= x < width and 0 <= y < height):
                break
            points.append((x * scale, y * scale))
            turn = angle[int(y), int(x)]
            x += float(np.cos(turn)) * 4
            y += float(np.sin(turn)) * 4
        if len(points) > 3:
            draw.line(points, fill=tint, width=int(rng.integers(2, 9)), joint="curve")
    return image.resize((width, height), Image.Resampling.LANCZOS)


def ink_bamboo(rng: Generator) -> Image.Image:
    """A few stalks and leaves in ink on old paper, with a seal."""
    width, height, scale = 820, 1180, 2
    sheet = paper(rng, width, height, "#efe6d2")
    ink = Image.new("L", (width * scale, height * scale), 0)
    for x0, lean, girth, wet in ((0.30, 0.10, 22, 225), (0.52, -0.05, 30, 245), (0.70, 0.05, 15, 120)):
        stalk = Image.new("L", ink.size, 0)
        draw = ImageDraw.Draw(stalk)
        y, joint = 1.05, 0
        while y > -0.05:
            length = 0.15 + 0.03 * rng.random()
            bottom = ((x0 + lean * (1 - y)) * width * scale, (y - 0.008) * height * scale)
            top = ((x0 + lean * (1 - y + length)) * width * scale, (y - length) * height * scale)
            draw.line([bottom, top], fill=wet, width=girth * scale)
            draw.line(
                [(top[0] - girth * scale * 0.7, top[1]), (top[0] + girth * scale * 0.7, top[1])],
                fill=min(255, wet + 30),
                width=int(girth * scale * 0.22),
            )
            for _ in range(3 if joint > 1 else 0):
                _leaf(draw, rng, top, scale * (80 + 110 * rng.random()), wet)
            y -= length
            joint += 1
        ink = Image.fromarray(np.maximum(np.asarray(ink), np.asarray(stalk)))
    ink = ink.filter(ImageFilter.GaussianBlur(1.4 * scale)).resize((width, height), Image.Resampling.LANCZOS)
    cover = np.asarray(ink, dtype=np.float32) / 255
    cover *= 0.55 + 0.45 * noise(rng, width, height, cells=60, octaves=3)
    lay(sheet, colour("#1d1c1f"), np.clip(cover * 1.05, 0, 0.94).astype(np.float32))
    image = to_image(sheet)
    seal = ImageDraw.Draw(image)
    seal.rounded_rectangle((640, 1030, 712, 1102), 6, fill=_rgb("#b23a2a"))
    for x in (654, 672, 690):
        seal.line((x, 1044, x, 1088), fill=_rgb("#efe6d2"), width=6)
    seal.line((648, 1066, 704, 1066), fill=_rgb("#efe6d2"), width=5)
    return image


def _leaf(draw: ImageDraw.ImageDraw, rng: Generator, start: tuple[float, float], length: float, wet: int) -> None:
    turn = rng.choice([-1, 1]) * (0.25 + 0.9 * rng.random())
    heading = np.pi / 2 - turn
    tip = (start[0] + length * np.cos(heading), start[1] + length * np.sin(heading))
    middle = ((start[0] * 1.3 + tip[0] * 0.7) / 2, (start[1] * 1.3 + tip[1] * 0.7) / 2)
    across = length * 0.085
    nx, ny = -np.sin(heading) * across, np.cos(heading) * across
    shape = [start, (middle[0] + nx, middle[1] + ny), tip, (middle[0] - nx, middle[1] - ny)]
    draw.polygon([(float(x), float(y)) for x, y in shape], fill=int(wet * (0.6 + 0.4 * rng.random())))


def arcs_and_squares(rng: Generator) -> Image.Image:
    """A grid of quarter circles and squares, printed in five inks."""
    size, cells, scale = 1080, 6, 2
    inks = [_rgb(c) for c in ("#e4572e", "#17324d", "#f2b134", "#76a5af", "#efe5d3")]
    image = Image.new("RGB", (size * scale, size * scale), inks[-1])
    draw = ImageDraw.Draw(image)
    step = size * scale // cells
    for row in range(cells):
        for column in range(cells):
            ground, figure, point = rng.permutation(5)[:3]
            x, y = column * step, row * step
            draw.rectangle((x, y, x + step, y + step), fill=inks[ground])
            kind = int(rng.integers(0, 6))
            corner = int(rng.integers(0, 4))
            cx, cy = x + step * (corner % 2), y + step * (corner // 2)
            if kind <= 2:
                for reach, ink in ((1.0, figure), (0.66, ground), (0.33, point))[: kind + 1]:
                    r = step * reach
                    draw.pieslice(
                        (cx - r, cy - r, cx + r, cy + r),
                        (0, 90, 270, 180)[corner],
                        (90, 180, 360, 270)[corner],
                        fill=inks[ink],
                    )
            elif kind == 3:
                draw.ellipse((x + step * 0.18, y + step * 0.18, x + step * 0.82, y + step * 0.82), fill=inks[figure])
            elif kind == 4:
                draw.polygon([(x, y), (x + step, y), (x, y + step)], fill=inks[figure])
            else:
                for k in range(4):
                    draw.rectangle((x, y + step * k / 4, x + step, y + step * (k + 0.5) / 4), fill=inks[figure])
    canvas = to_canvas(image.resize((size, size), Image.Resampling.LANCZOS))
    canvas -= 0.07 * noise(rng, size, size, cells=120, octaves=2)[..., None] ** 2
    grain(rng, canvas, 0.016)
    return to_image(canvas)


def night_city(rng: Generator) -> Image.Image:
    """A city across the water after rain, with lit windows and what the water makes of them."""
    width, shore, height = 1360, 560, 900
    canvas = fill(width, shore, [(0, "#070b1e"), (0.6, "#1b2350"), (1, "#5b3f6e")])
    stars = (rng.random((shore, width)) > 0.9993).astype(np.float32) * np.linspace(1, 0, shore, dtype=np.float32)[
        :, None
    ]
    lay(canvas, colour("#ffffff"), stars * 0.9)
    lay(canvas, colour("#ffe9c4"), 0.55 * glow(width, shore, 0.78, 0.24, 0.05))
    lay(canvas, colour("#fff6e2"), disc(width, shore, 0.78, 0.24, 0.026))
    city = to_image(canvas)
    draw = ImageDraw.Draw(city)
    lights = [_rgb(c) for c in ("#ffd27a", "#ffb65c", "#ffe9b8", "#9fd0ff")]
    for layer, (tint, low, high) in enumerate((("#2c2752", 150, 330), ("#1b1a3d", 110, 290), ("#0d0f26", 60, 210))):
        x = -20
        while x < width:
            across, tall = int(rng.integers(38, 110)), int(rng.integers(low, high))
            top = shore - tall
            draw.rectangle((x, top, x + across, shore), fill=_rgb(tint))
            if rng.random() < 0.2:
                draw.line((x + across // 2, top, x + across // 2, top - 34), fill=_rgb(tint), width=3)
            for wy in range(top + 10, shore - 8, 13):
                for wx in range(x + 7, x + across - 6, 11):
                    if rng.random() < 0.17 + 0.06 * layer:
                        draw.rectangle(
                            (wx, wy, wx + 4, wy + 6), fill=lights[int(rng.choice(4, p=[0.5, 0.25, 0.17, 0.08]))]
                        )
            x += across + int(rng.integers(0, 14))
    sky = to_canvas(city)
    sky += (
        0.55
        * to_canvas(city.filter(ImageFilter.GaussianBlur(9)))
        * np.linspace(0.2, 1, shore, dtype=np.float32)[:, None, None]
    )
    deep = height - shore
    rows = (shore - 1 - np.arange(deep) * shore / deep * 0.96).astype(int)
    ripple = noise(rng, width, deep, cells=9, octaves=5) - 0.5
    shift = (ripple * (6 + 46 * np.linspace(0, 1, deep)[:, None])).astype(int)
    columns = np.clip(np.arange(width)[None, :] + shift, 0, width - 1)
    water = sky[rows[:, None], columns] * np.linspace(0.72, 0.35, deep, dtype=np.float32)[:, None, None]
    water = to_canvas(to_image(water).filter(ImageFilter.BoxBlur(1)))
    return to_image(np.concatenate([sky, water + np.array(colour("#05070f"), dtype=np.float32) * 0.6]))


def dunes(rng: Generator) -> Image.Image:
    """Sand at the end of the day: one side of each dune in the light, the other in shadow."""
    width, height = 1300, 780
    canvas = fill(width, height, [(0, "#2e4a78"), (0.3, "#8fa9c4"), (0.46, "#f6d7ad"), (1, "#f6d7ad")])
    xs, ys = grid(width, height)
    light, shade = np.array(colour("#e9a45c")), np.array(colour("#7a3f3b"))
    for layer in range(6):
        crest = 0.42 + 0.1 * layer - 0.16 * ridge(rng, width, cells=1.3 + 0.3 * layer, octaves=2)
        below = ys - crest[None, :]
        cover = np.clip(below * height + 0.5, 0, 1)
        slope = np.convolve(np.gradient(crest) * width, np.ones(121) / 121, mode="same")
        facing = np.clip(0.5 + 1.1 * slope[None, :] - below * 1.5, 0, 1)
        wind = 0.5 + 0.5 * np.sin(
            (ys * 150 + xs * 22 + 5 * noise(rng, width, height, cells=5, octaves=2)) * (1.2 - 0.1 * layer)
        )
        tint = shade + (light - shade) * facing[..., None]
        tint = tint * (0.93 + 0.09 * wind[..., None]) * (1.12 - 0.05 * layer)
        lay(canvas, tint.astype(np.float32), cover.astype(np.float32))
    grain(rng, canvas, 0.02)
    return to_image(canvas)


def orchard_in_dots(rng: Generator) -> Image.Image:
    """An orchard in blossom, set down in dots of pure colour."""
    width, height, scale = 1180, 880, 2
    _, ys = grid(width, height)
    base = fill(width, height, [(0, "#9cc5e8"), (0.42, "#dcebf0"), (0.44, "#8fb565"), (1, "#4f8a3e")])
    for x, y, reach in ((0.2, 0.40, 0.15), (0.50, 0.36, 0.19), (0.82, 0.41, 0.14)):
        trunk = np.clip(1 - np.abs(grid(width, height)[0] - x) * 90, 0, 1) * ((ys > y) & (ys < y + 0.36))
        lay(base, colour("#5c4033"), trunk.astype(np.float32))
        ground = glow(width, height, x, y + 0.38, reach * 0.8, power=6) * (ys > y + 0.33)
        lay(base, colour("#2f5d3a"), (0.7 * ground).astype(np.float32))
        crown = glow(width, height, x, y - 0.03, reach, power=7)
        lay(base, colour("#f3b6c6"), np.clip(crown * 1.3 - 0.25, 0, 1))
    image = Image.new("RGB", (width * scale, height * scale), _rgb("#e9e2d0"))
    draw = ImageDraw.Draw(image)
    for count, low, high, spread in ((15000, 7, 13, 0.10), (17000, 4, 8, 0.16)):
        places = rng.random((count, 2))
        sizes = rng.uniform(low, high, count)
        stray = rng.normal(0, spread, (count, 3))
        for (px, py), size, bend in zip(places, sizes, stray, strict=True):
            tint = np.clip(base[int(py * (height - 1)), int(px * (width - 1))] + bend, 0, 1) * 255
            x, y = px * width * scale, py * height * scale
            draw.ellipse((x - size, y - size * 0.8, x + size, y + size * 0.8), fill=tuple(int(v) for v in tint))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def marbled_paper(rng: Generator) -> Image.Image:
    """Colour that floated on water and was combed before the paper took it up."""
    width, height = 1000, 1000
    xs, ys = grid(width, height)
    warp_x = noise(rng, width, height, cells=2, octaves=3) - 0.5
    warp_y = noise(rng, width, height, cells=2, octaves=3) - 0.5
    comb = 0.035 * np.sin((xs + 0.3 * warp_y) * 2 * np.pi * 9)
    bands = (ys + comb + 0.42 * warp_x) * 7 + 1.4 * warp_y + 0.5 * noise(rng, width, height, cells=6, octaves=3)
    stops = [
        (0, "#0f3d4c"),
        (0.16, "#1f6f78"),
        (0.3, "#e9ddc4"),
        (0.42, "#c9653f"),
        (0.52, "#7c2331"),
        (0.64, "#e9ddc4"),
        (0.8, "#2f8f83"),
        (1, "#0f3d4c"),
    ]
    canvas = fill(width, height, stops, along=(bands % 1).astype(np.float32))
    veins = np.abs((bands * 2 % 1) - 0.5) * 2
    lay(canvas, colour("#d8b15a"), (0.75 * np.clip(1 - (1 - veins) * 26, 0, 1)).astype(np.float32))
    grain(rng, canvas, 0.018)
    return to_image(canvas)


def nebula(rng: Generator) -> Image.Image:
    """Gas and stars, too smooth to be a photograph."""
    width, height = 1024, 1024
    cloud = noise(rng, width, height, cells=2.5, octaves=7, gain=0.55)
    veil = noise(rng, width, height, cells=3.5, octaves=7, gain=0.55)
    canvas = fill(
        width,
        height,
        [(0, "#03040c"), (0.45, "#131540"), (0.65, "#5b2a86"), (0.82, "#d65a8c"), (1, "#ffe3c2")],
        along=np.clip(cloud**1.4, 0, 1),
    )
    lay(canvas, colour("#35c2c9"), np.clip(veil**3 * 0.9 - 0.1, 0, 0.75))
    lay(canvas, colour("#02030a"), np.clip(1.1 - 1.8 * noise(rng, width, height, cells=4, octaves=6), 0, 0.9))
    lay(canvas, colour("#fff3df"), 0.9 * glow(width, height, 0.58, 0.44, 0.035))
    for count, spread in ((900, 0.0008), (110, 0.0016)):
        for x, y, shine in rng.random((count, 3)):
            px, py, r = x * width, y * height, max(1.0, spread * width * (0.5 + shine))
            box = np.s_[max(0, int(py - 4)) : int(py + 5), max(0, int(px - 4)) : int(px + 5)]
            yy, xx = np.mgrid[box[0].start : min(height, box[0].stop), box[1].start : min(width, box[1].stop)]
            spot = np.exp(-(((xx - px) ** 2 + (yy - py) ** 2) / (2 * r * r))) * (0.35 + 0.65 * shine)
            canvas[box] += spot[..., None].astype(np.float32)
    return to_image(canvas)


def stained_glass(rng: Generator) -> Image.Image:
    """A window of coloured panes around a rising sun, held by lead."""
    width, height = 860, 1180
    points = rng.random((150, 2)) * (width, height)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    first = np.full((height, width), np.inf, dtype=np.float32)
    second, pane = first.copy(), np.zeros((height, width), dtype=np.int16)
    for index, (px, py) in enumerate(points):
        distance = np.hypot(xs - px, ys - py)
        closer = distance < first
        second = np.where(closer, first, np.minimum(second, distance))
        pane[closer] = index
        first = np.minimum(first, distance)
    sun = np.hypot((points[:, 0] - width / 2) / width, (points[:, 1] - height * 0.4) / width)
    stops = [(0, "#fff2b0"), (0.16, "#ffbf3f"), (0.3, "#f0672e"), (0.45, "#b0264a"), (0.62, "#4a2a7a"), (1, "#123a6e")]
    tints = fill(
        len(points), 1, stops, along=(sun[None, :] + rng.normal(0, 0.035, (1, len(points)))).astype(np.float32)
    )[0]
    canvas = tints[pane] * (0.78 + 0.4 * noise(rng, width, height, cells=9, octaves=4)[..., None])
    canvas *= (0.75 + 0.5 * glow(width, height, 0.5, 0.4, 0.5))[..., None]
    lay(canvas, colour("#16151a"), np.clip(4.2 - (second - first), 0, 1))
    return to_image(canvas)


def tide_chart(rng: Generator) -> Image.Image:
    """Depth lines of a bay that does not exist, drawn with a fine pen over a wash."""
    width, height = 1240, 880
    depth = noise(rng, width, height, cells=2.4, octaves=4, gain=0.45)
    wash = fill(
        width,
        height,
        [(0, "#2d6f8e"), (0.4, "#8fc1c9"), (0.56, "#dfeae0"), (0.6, "#eadfbf"), (1, "#cfae78")],
        along=depth,
    )
    sheet = paper(rng, width, height, "#f5efe0")
    lay(sheet, wash, 0.78)
    for step, pen, cover in ((18, 0.9, 0.5), (4.5, 1.7, 0.85)):
        place = depth * step
        steep = np.hypot(*np.gradient(place)) + 1e-5
        line = np.clip(pen - np.abs(place - np.round(place)) / steep, 0, 1) * (steep > 2e-4 * step)
        lay(sheet, colour("#23394a"), (cover * line).astype(np.float32))
    image = to_image(sheet)
    draw = ImageDraw.Draw(image)
    draw.rectangle((26, 26, width - 27, height - 27), outline=_rgb("#23394a"), width=3)
    draw.rectangle((36, 36, width - 37, height - 37), outline=_rgb("#23394a"), width=1)
    _compass(draw, 1100, 150, 78)
    return image


def _compass(draw: ImageDraw.ImageDraw, x: float, y: float, reach: float) -> None:
    pen, light = _rgb("#23394a"), _rgb("#f5efe0")
    for turn in range(8):
        heading = turn * np.pi / 4
        length = reach if turn % 2 == 0 else reach * 0.55
        tip = (x + length * np.sin(heading), y - length * np.cos(heading))
        for side, ink in ((0.32, pen), (-0.32, light)):
            foot = (x + reach * 0.2 * np.sin(heading + side * 2), y - reach * 0.2 * np.cos(heading + side * 2))
            draw.polygon(
                [(x, y), (float(tip[0]), float(tip[1])), (float(foot[0]), float(foot[1]))], fill=ink, outline=pen
            )
    draw.ellipse((x - reach * 0.72, y - reach * 0.72, x + reach * 0.72, y + reach * 0.72), outline=pen, width=1)


def vase(rng: Generator) -> Image.Image:
    """A vase of flowers by a window, in flat gouache."""
    width, height, scale = 900, 1120, 2
    image = Image.new("RGB", (width * scale, height * scale), _rgb("#c9d6c5"))
    draw = ImageDraw.Draw(image)

    def box(x0: float, y0: float, x1: float, y1: float, ink: str) -> None:
        draw.rectangle((x0 * scale, y0 * scale, x1 * scale, y1 * scale), fill=_rgb(ink))

    box(0, 800, width, height, "#b8694a")
    box(0, 800, width, 822, "#9c5539")
    draw.polygon(
        [(v[0] * scale, v[1] * scale) for v in ((560, 0), (840, 0), (560, 800), (300, 800))], fill=_rgb("#dbe5d3")
    )
    draw.ellipse((250 * scale, 925 * scale, 700 * scale, 1010 * scale), fill=_rgb("#8f4b33"))
    outline: list[tuple[float, float]] = []
    for t in np.linspace(0, 1, 60):
        girth = 58 + 96 * np.sin(np.pi * min(1.0, t * 1.08)) ** 1.3 * (0.55 + 0.6 * t)
        outline.append((450 - girth, 560 + 420 * t))
    right = [(900 - x, y) for x, y in reversed(outline)]
    draw.polygon([(x * scale, y * scale) for x, y in outline + right], fill=_rgb("#2c5d73"))
    shade = [(x + (450 - x) * 1.25, y) for x, y in outline]
    draw.polygon([(x * scale, y * scale) for x, y in shade + right], fill=_rgb("#234c60"))
    blooms = ["#e8543f", "#f2c14e", "#f6e7d2", "#d9798c", "#7b4b94", "#ef8a4c"]
    heads: list[tuple[float, float]] = []
    while len(heads) < 16:
        x, y = 450 + rng.normal(0, 150), 330 + rng.normal(0, 115)
        if 110 < x < 790 and 90 < y < 520 and all(np.hypot(x - a, y - b) > 74 for a, b in heads):
            heads.append((float(x), float(y)))
    for x, y in heads:
        draw.line(
            [(v[0] * scale, v[1] * scale) for v in ((450, 580), ((450 + x) / 2 + (x - 450) * 0.1, 470), (x, y))],
            fill=_rgb("#3f6b45"),
            width=7 * scale,
            joint="curve",
        )
    for x, y in heads:
        ink = _rgb(blooms[int(rng.integers(len(blooms)))])
        reach, petals = float(rng.uniform(34, 56)), int(rng.integers(6, 10))
        for petal in range(petals):
            turn = petal * 2 * np.pi / petals + float(rng.random()) * 0.2
            px, py, r = x + np.cos(turn) * reach * 0.6, y + np.sin(turn) * reach * 0.6, reach * 0.5
            draw.ellipse(((px - r) * scale, (py - r) * scale, (px + r) * scale, (py + r) * scale), fill=ink)
        r = reach * 0.3
        draw.ellipse(((x - r) * scale, (y - r) * scale, (x + r) * scale, (y + r) * scale), fill=_rgb("#4a2f27"))
    canvas = to_canvas(image.resize((width, height), Image.Resampling.LANCZOS))
    brushed: Plane = noise(rng, width, height, cells=40, octaves=3) - 0.5
    canvas += 0.06 * brushed[..., None]
    grain(rng, canvas, 0.014)
    return to_image(canvas)
