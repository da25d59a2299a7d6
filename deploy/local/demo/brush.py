"""What the scenes of the demo pictures are drawn with: an SVG canvas, colours, and shapes that recur."""

import colorsys
import random

WIDTH, HEIGHT = 1200, 800


def colour(hue, saturation, lightness):
    """A colour as SVG writes it; hue in degrees, the others in percent."""
    parts = colorsys.hls_to_rgb(hue % 360 / 360, lightness / 100, saturation / 100)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def faded(opacity):
    """The attributes of something translucent: of its fill and stroke, as fading the whole element costs a layer."""
    return "" if opacity == 1 else f' fill-opacity="{opacity}" stroke-opacity="{opacity}"'


class Canvas:
    """Collects shapes. Two canvases of the same seed draw the same picture."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.hue = self.random.randrange(360)
        self.shapes = []
        self.definitions = []

    def svg(self):
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
            f"<defs>{''.join(self.definitions)}</defs>{''.join(self.shapes)}</svg>"
        )

    # --- fills ---

    def gradient(self, *stops, across=False):
        """A gradient from top to bottom (across: left to right) as a fill; stops are colours or (colour, opacity)."""
        name = f"g{len(self.definitions)}"
        parts = []
        for place, stop in enumerate(stops):
            tint, opacity = stop if isinstance(stop, tuple) else (stop, 1)
            offset = place / (len(stops) - 1)
            parts.append(f'<stop offset="{offset:.3f}" stop-color="{tint}" stop-opacity="{opacity}"/>')
        end = 'x2="1" y2="0"' if across else 'x2="0" y2="1"'
        self.definitions.append(f'<linearGradient id="{name}" {end}>{"".join(parts)}</linearGradient>')
        return f"url(#{name})"

    def glow(self, tint, opacity=0.9):
        """A radial gradient that fades to nothing, as a fill."""
        name = f"g{len(self.definitions)}"
        self.definitions.append(
            f'<radialGradient id="{name}"><stop offset="0" stop-color="{tint}" stop-opacity="{opacity}"/>'
            f'<stop offset="1" stop-color="{tint}" stop-opacity="0"/></radialGradient>'
        )
        return f"url(#{name})"

    # --- shapes ---

    def rect(self, x, y, width, height, fill, radius=0, opacity=1):
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" fill="{fill}"'
            f"{faded(opacity)}/>"
        )

    def ellipse(self, x, y, radius_x, radius_y, fill, opacity=1):
        self.shapes.append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{radius_x:.1f}" ry="{radius_y:.1f}" fill="{fill}"'
            f"{faded(opacity)}/>"
        )

    def circle(self, x, y, radius, fill, opacity=1):
        self.ellipse(x, y, radius, radius, fill, opacity)

    def polygon(self, points, fill, opacity=1):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.shapes.append(f'<polygon points="{joined}" fill="{fill}"{faded(opacity)}/>')

    def path(self, data, fill="none", stroke="none", width=1, opacity=1):
        self.shapes.append(
            f'<path d="{data}" fill="{fill}" stroke="{stroke}" stroke-width="{width}" stroke-linecap="round"'
            f"{faded(opacity)}/>"
        )

    def line(self, x1, y1, x2, y2, stroke, width=2, opacity=1):
        self.path(f"M{x1:.1f},{y1:.1f} L{x2:.1f},{y2:.1f}", stroke=stroke, width=width, opacity=opacity)

    # --- things ---

    def sky(self, horizon=HEIGHT):
        """A sky of some hour of the day with its sun or moon; returns whether it is dark."""
        hour = self.random.choice(("morning", "noon", "evening", "dusk"))
        tones = {
            "morning": ("#8fc1e8", "#dcebf2", "#fbe9d0"),
            "noon": ("#4c9bd8", "#93c7ea", "#dff0f7"),
            "evening": ("#44598f", "#d98a76", "#f8cf91"),
            "dusk": ("#141c3d", "#34386c", "#a0648a"),
        }[hour]
        self.rect(0, 0, WIDTH, horizon, self.gradient(*tones))
        x = self.random.randint(180, 1020)
        y = {"morning": 0.7, "noon": 0.25, "evening": 0.85, "dusk": 0.2}[hour] * horizon
        self.circle(x, y, 190, self.glow("#fff3d0", 0.8))
        self.circle(x, y, 42 if hour != "dusk" else 30, "#fff6dd")
        for _ in range(0 if hour == "dusk" else self.random.randint(2, 4)):
            self.cloud(self.random.randint(0, WIDTH), self.random.randint(50, int(horizon * 0.5)))
        for _ in range(60 if hour == "dusk" else 0):
            self.circle(self.random.randint(0, WIDTH), self.random.randint(0, int(horizon * 0.6)), 1.5, "#ffffff", 0.7)
        return hour == "dusk"

    def cloud(self, x, y):
        for _ in range(7):
            self.ellipse(
                x + self.random.randint(-110, 110),
                y + self.random.randint(-14, 14),
                self.random.randint(40, 90),
                self.random.randint(12, 26),
                "#ffffff",
                0.35,
            )

    def skyline(self, base, tallest, tint, lit):
        """Houses along a base line."""
        x = -20
        while x < WIDTH:
            width, height = self.random.randint(45, 120), self.random.randint(tallest // 4, tallest)
            self.rect(x, base - height, width, height, tint)
            for row in range(base - height + 14, base - 16, 24):
                for column in range(x + 10, x + width - 12, 20):
                    if self.random.random() < (0.45 if lit else 0.2):
                        self.rect(column, row, 9, 12, "#ffe2a0" if lit else "#ffffff", opacity=0.8 if lit else 0.25)
            x += width + self.random.randint(0, 14)

    def tree(self, x, y, size, tint):
        self.rect(x - size * 0.06, y - size * 0.5, size * 0.12, size * 0.5, "#5d4636")
        for _ in range(9):
            self.circle(
                x + self.random.uniform(-0.32, 0.32) * size,
                y - size * self.random.uniform(0.5, 1.0),
                size * self.random.uniform(0.16, 0.26),
                tint,
                0.85,
            )

    def bulbs(self, x1, y1, x2, y2, sag, count=14):
        """A line of warm bulbs that hangs between two points."""
        self.path(f"M{x1},{y1} Q{(x1 + x2) / 2},{(y1 + y2) / 2 + 2 * sag} {x2},{y2}", stroke="#3a3230", width=2)
        halo = self.glow("#ffd88a", 0.8)
        for n in range(1, count):
            t = n / count
            x = x1 + (x2 - x1) * t
            y = y1 + (y2 - y1) * t + 4 * sag * t * (1 - t)
            self.circle(x, y + 6, 20, halo)
            self.circle(x, y + 6, 5, "#fff1c9")

    def table(self, x, y, size, cloth):
        """A round table with chairs, size wide at its place in the room."""
        self.ellipse(x, y + size * 0.42, size * 0.75, size * 0.16, "#000000", 0.18)
        for side in (-0.72, -0.4, 0.4, 0.72):
            self.rect(x + side * size - size * 0.09, y - size * 0.1, size * 0.18, size * 0.42, "#6b5344", 4)
        self.path(
            f"M{x - size * 0.55},{y} L{x - size * 0.46},{y + size * 0.4} Q{x},{y + size * 0.5} {x + size * 0.46},"
            f"{y + size * 0.4} L{x + size * 0.55},{y} Z",
            cloth,
        )
        self.ellipse(x, y, size * 0.55, size * 0.15, "#ffffff", 0.9)
        self.rect(x - 3, y - size * 0.28, 6, size * 0.26, "#7d9b6a")
        for bloom in (-0.07, 0, 0.07):
            self.circle(x + bloom * size, y - size * 0.3, size * 0.06, colour(self.hue + 400 * bloom, 65, 68))

    def pendant(self, x, y, tint, size=46):
        """A lamp that hangs from the ceiling."""
        self.line(x, 0, x, y, "#2b2725", 3)
        self.circle(x, y + size * 0.6, size * 3.2, self.glow("#ffe3a8", 0.55))
        self.path(f"M{x - size},{y + size * 0.7} Q{x},{y - size * 0.9} {x + size},{y + size * 0.7} Z", tint)
        self.ellipse(x, y + size * 0.7, size * 0.55, size * 0.14, "#fff4d4")
