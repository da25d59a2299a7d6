"""Scenes inside: a room in one-point perspective, and what makes it a hall, a loft, a theatre..."""

from brush import HEIGHT, WIDTH, colour

LEFT, RIGHT, TOP, BOTTOM = 190, 1010, 110, 540  # the back wall


def shell(canvas, wall, floor, ceiling):
    """Four sides of a room around the back wall; each a hue, saturation and lightness."""
    tone = {"wall": wall, "floor": floor, "ceiling": ceiling}
    shade = {name: colour(h, s, light * 0.78) for name, (h, s, light) in tone.items()}
    plain = {name: colour(*value) for name, value in tone.items()}
    canvas.rect(0, 0, WIDTH, HEIGHT, plain["wall"])
    ceiling_points = [(0, 0), (WIDTH, 0), (RIGHT, TOP), (LEFT, TOP)]
    canvas.polygon(ceiling_points, canvas.gradient(shade["ceiling"], plain["ceiling"]))
    canvas.polygon([(0, 0), (LEFT, TOP), (LEFT, BOTTOM), (0, HEIGHT)], canvas.gradient(plain["wall"], shade["wall"]))
    canvas.polygon(
        [(WIDTH, 0), (RIGHT, TOP), (RIGHT, BOTTOM), (WIDTH, HEIGHT)], canvas.gradient(shade["wall"], plain["wall"])
    )
    canvas.rect(LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP, canvas.gradient(plain["wall"], shade["wall"]))
    canvas.polygon(
        [(0, HEIGHT), (WIDTH, HEIGHT), (RIGHT, BOTTOM), (LEFT, BOTTOM)],
        canvas.gradient(shade["floor"], plain["floor"]),
    )
    for n in range(13):
        x = LEFT + (RIGHT - LEFT) * n / 12
        canvas.line(x, BOTTOM, WIDTH / 2 + (x - WIDTH / 2) * 1.95, HEIGHT, shade["floor"], 2, 0.7)


def window(canvas, x, y, width, height, arched=False, panes=(2, 4)):
    """A window with some sky in it, and its light on the floor."""
    sky = canvas.gradient("#a9d3ee", "#e9f4f7", "#fff3dd")
    frame = "#f4efe6" if arched else "#2e2f33"
    if arched:
        canvas.path(
            f"M{x},{y + height} V{y + width / 2} A{width / 2},{width / 2} 0 0 1 {x + width},{y + width / 2}"
            f" V{y + height} Z",
            sky,
            frame,
            7,
        )
    else:
        canvas.rect(x - 5, y - 5, width + 10, height + 10, frame)
        canvas.rect(x, y, width, height, sky)
    for n in range(1, panes[0]):
        canvas.line(x + width * n / panes[0], y, x + width * n / panes[0], y + height, frame, 4)
    for n in range(1, panes[1]):
        canvas.line(x, y + height * n / panes[1], x + width, y + height * n / panes[1], frame, 4)
    canvas.polygon(
        [
            (x, BOTTOM),
            (x + width, BOTTOM),
            (WIDTH / 2 + (x + width - WIDTH / 2) * 1.6 + 60, 760),
            (WIDTH / 2 + (x - WIDTH / 2) * 1.6 + 60, 760),
        ],
        canvas.gradient(("#fff6dc", 0.4), ("#fff6dc", 0)),
    )


def chandelier(canvas, x, y):
    canvas.line(x, 0, x, y, "#5a4a36", 3)
    canvas.circle(x, y + 20, 150, canvas.glow("#ffe9b0", 0.6))
    canvas.path(f"M{x - 70},{y} Q{x},{y + 62} {x + 70},{y}", stroke="#b08d4a", width=5)
    for n in range(-3, 4):
        canvas.rect(x + n * 22 - 3, y - 18 + (3 - abs(n)) * 8, 6, 18, "#fff8e4")
        canvas.circle(x + n * 22, y - 22 + (3 - abs(n)) * 8, 7, "#fff1c0")


def tables(canvas):
    cloth = colour(canvas.hue, 22, 86)
    for x, y, size in ((330, 575, 74), (520, 572, 70), (690, 572, 70), (880, 575, 74)):
        canvas.table(x, y, size, cloth)
    for x, y, size in ((200, 670, 124), (490, 668, 118), (790, 668, 118), (1030, 670, 124)):
        canvas.table(x, y, size, cloth)


def hall(canvas):
    hue = canvas.random.choice((38, 44, 95, 205, 350))
    shell(canvas, (hue, 26, 80), (28, 42, 46), (hue, 18, 92))
    count = canvas.random.choice((3, 4, 5))
    step = (RIGHT - LEFT) / count
    for n in range(count):
        window(canvas, LEFT + step * n + step * 0.25, 170, step * 0.5, 320, arched=True)
    for x in (360, 600, 840) if count != 4 else (430, 770):
        chandelier(canvas, x, canvas.random.randint(90, 150))
    tables(canvas)


def bricks(canvas, x0, y0, x1, y1):
    for row, y in enumerate(range(y0, y1, 17)):
        for x in range(x0 - (row % 2) * 20, x1, 40):
            left, right = max(x, x0), min(x + 38, x1)
            if right > left:
                light = canvas.random.randint(36, 48)
                canvas.rect(left, y, right - left, 15, colour(16, 38, light), 1)


def loft(canvas):
    shell(canvas, (18, 24, 52), (30, 28, canvas.random.randint(36, 54)), (30, 10, 30))
    bricks(canvas, LEFT, TOP, RIGHT, BOTTOM)
    for x in (240, 500, 760):
        window(canvas, x, 165, 200, 250, panes=(4, 4))
    for n in range(5):
        x = LEFT + (RIGHT - LEFT) * n / 4
        canvas.line(x, TOP, WIDTH / 2 + (x - WIDTH / 2) * 1.9, 0, "#2a211b", 16)
    lamp = colour(canvas.hue, 45, 32)
    for x in (300, 500, 700, 900):
        canvas.pendant(x, 190, lamp, 34)
    wood = canvas.gradient("#a87f52", "#7d5a38")
    for left, right in ((250, 520), (680, 950)):
        canvas.polygon([(left + 70, 580), (right - 70, 580), (right, 700), (left, 700)], wood)
        canvas.rect(left, 700, right - left, 14, "#5d4229")
        for n in range(5):
            canvas.rect(left + 12 + n * (right - left - 36) / 4, 716, 14, 60, "#3b2a1c")
            canvas.circle(left + 84 + n * (right - left - 168) / 4, 605, 9, "#f7f2e8")


def studio(canvas):
    shell(canvas, (canvas.hue, 6, 74), (canvas.hue, 5, 62), (0, 0, 22))
    paper = colour(canvas.hue, 42, 70)
    window(canvas, 60, 190, 90, 330, panes=(2, 5))
    canvas.path("M360,150 H840 V560 Q840,640 930,770 H270 Q360,640 360,560 Z", canvas.gradient(paper, "#f6f2ec"))
    canvas.rect(340, 138, 520, 18, "#333333", 6)
    for x, side in ((250, 1), (950, -1)):
        canvas.line(x, 320, x, 690, "#1f1f22", 7)
        canvas.line(x, 650, x - 44, 716, "#1f1f22", 6)
        canvas.line(x, 650, x + 44, 716, "#1f1f22", 6)
        canvas.circle(x + side * 50, 280, 240, canvas.glow("#ffffff", 0.5))
        points = [(x - side * 20, 250), (x + side * 70, 210), (x + side * 70, 370), (x - side * 20, 330)]
        canvas.polygon(points, "#202024")
        canvas.polygon(
            [(x + side * 70, 210), (x + side * 84, 216), (x + side * 84, 364), (x + side * 70, 370)], "#fffdf4"
        )
    canvas.rect(566, 560, 68, 10, "#6f4c30", 4)
    for x in (574, 622):
        canvas.line(x, 570, x + (x - 600) * 0.3, 680, "#6f4c30", 6)


def theatre(canvas):
    hue = canvas.random.choice((350, 2, 10, 330, 215, 160))
    canvas.rect(0, 0, WIDTH, HEIGHT, colour(hue, 40, 9))
    canvas.rect(150, 70, 900, 430, canvas.gradient("#17131c", colour(hue + 40, 30, 24)))
    canvas.polygon([(150, 500), (1050, 500), (1120, 560), (80, 560)], canvas.gradient("#8a6238", "#5f4023"))
    for x, tint in ((360, "#ffe9b5"), (600, "#ffffff"), (840, colour(canvas.hue, 70, 75))):
        canvas.polygon(
            [(x - 8, 60), (x + 8, 60), (x + 110, 515), (x - 110, 515)], canvas.gradient((tint, 0.55), (tint, 0.06))
        )
        canvas.ellipse(x, 520, 112, 16, tint, 0.5)
    cloth, fold = colour(hue, 62, 34), colour(hue, 64, 24)
    for side in (-1, 1):
        for n in range(6):
            x = 600 + side * (460 - n * 42)
            canvas.path(
                f"M{x - 24},40 Q{x + side * 10},300 {x - 20 + side * 14},560 H{x + 28} Q{x + 16},300 {x + 24},40 Z",
                cloth if n % 2 else fold,
            )
    for n in range(10):
        canvas.path(f"M{90 + n * 102},30 h102 v70 q-51,70 -102,0 Z", cloth if n % 2 else fold)
    canvas.rect(60, 10, 1080, 28, "#b8924c", 6)
    canvas.rect(60, 552, 1080, 14, "#b8924c", 4)
    for row in range(4):
        size, y = 62 + row * 16, 600 + row * 52
        for n in range(-9, 10):
            x = 600 + (n + (row % 2) / 2) * size * 1.06
            canvas.rect(x - size * 0.45, y, size * 0.9, size * 1.4, colour(hue, 55, 27 - row * 4), 16)


def painting(canvas, x, y, width, height):
    canvas.rect(x + 6, y + 8, width, height, "#000000", opacity=0.18)
    canvas.rect(x, y, width, height, "#2b2622")
    canvas.rect(x + 8, y + 8, width - 16, height - 16, colour(canvas.random.randrange(360), 35, 82))
    for _ in range(5):
        tint = colour(canvas.hue + canvas.random.choice((0, 30, 180, 210)), 60, canvas.random.randint(35, 70))
        size = canvas.random.uniform(0.12, 0.3) * min(width, height)
        cx = canvas.random.uniform(x + 10 + size, x + width - 10 - size)
        cy = canvas.random.uniform(y + 10 + size, y + height - 10 - size)
        if canvas.random.random() < 0.5:
            canvas.circle(cx, cy, size, tint, 0.85)
        else:
            canvas.rect(cx - size, cy - size, size * 2, size * 1.2, tint, opacity=0.85)


def gallery(canvas):
    shell(canvas, (canvas.hue, 8, 93), (canvas.random.choice((30, 210)), 14, canvas.random.randint(48, 70)), (0, 0, 96))
    canvas.rect(LEFT, TOP + 6, RIGHT - LEFT, 7, "#444444")
    x = LEFT + 50
    while x < RIGHT - 150:
        width = canvas.random.randint(110, 210)
        height = canvas.random.randint(120, 220)
        width = min(width, RIGHT - 40 - x)
        canvas.polygon(
            [(x + width / 2 - 8, 118), (x + width / 2 + 8, 118), (x + width + 26, 470), (x - 26, 470)],
            canvas.gradient(("#fff2cc", 0.55), ("#fff2cc", 0)),
        )
        painting(canvas, x, 325 - height / 2, width, height)
        x += width + canvas.random.randint(46, 90)
    canvas.ellipse(600, 716, 200, 18, "#000000", 0.15)
    canvas.rect(430, 640, 340, 26, "#8b6a47", 4)
    for leg in (450, 730):
        canvas.rect(leg, 664, 18, 52, "#6d5236")


def meeting_room(canvas):
    shell(canvas, (canvas.hue, 12, 84), (28, 22, 44), (0, 0, 94))
    canvas.rect(LEFT + 40, 170, 470, 260, canvas.gradient("#8fbfe4", "#dff0f5"))
    canvas.skyline(430, 170, colour(canvas.hue + 200, 18, 62), False)
    canvas.rect(0, 170, LEFT + 40, 262, colour(canvas.hue, 12, 74))
    canvas.rect(LEFT + 510, 160, WIDTH, 272, colour(canvas.hue, 12, 80))
    for n in range(4):
        canvas.rect(LEFT + 36 + n * 156, 166, 7, 268, "#3a3d42")
    canvas.rect(750, 190, 220, 140, "#1d2026", 6)
    canvas.rect(758, 198, 204, 124, canvas.gradient(colour(canvas.hue, 55, 52), colour(canvas.hue + 50, 55, 66)))
    for n in range(3):
        canvas.rect(780, 226 + n * 28, 150 - n * 34, 10, "#ffffff", 4, 0.75)
    seat = colour(canvas.hue + 180, 25, 34)
    for x in (330, 450, 570, 690, 810):
        canvas.rect(x, 500, 66, 84, seat, 14)
    canvas.polygon([(270, 575), (930, 575), (1060, 690), (140, 690)], canvas.gradient("#b98d5c", "#936a40"))
    canvas.rect(140, 690, 920, 18, "#6b4b2c", 4)
    for x in (230, 420, 610, 800):
        canvas.rect(x, 672, 112, 128, colour(canvas.hue + 180, 25, 26), 20)
    for x in (380, 540, 700, 830):
        canvas.polygon([(x, 600), (x + 60, 600), (x + 70, 630), (x - 8, 630)], "#f7f5ef")


def restaurant(canvas):
    shell(canvas, (canvas.hue, 24, canvas.random.choice((30, 38, 72))), (25, 34, 30), (25, 12, 20))
    for row in range(3):
        canvas.rect(260, 190 + row * 74, 680, 10, "#4b3524")
        for n in range(22):
            height = canvas.random.randint(28, 52)
            tint = colour(canvas.random.choice((90, 130, 30, 10, 200)), 40, canvas.random.randint(30, 60))
            canvas.rect(272 + n * 30, 190 + row * 74 - height, 13, height, tint, 4)
    lamp = colour(canvas.hue + 160, 48, 42)
    for x in (280, 440, 600, 760, 920):
        canvas.pendant(x, canvas.random.randint(300, 330), lamp, 30)
    canvas.polygon([(330, 560), (870, 560), (1010, 760), (190, 760)], canvas.gradient("#c79c6b", "#9a6f42"))
    for n in range(6):
        for row, (y, spread, size) in enumerate(((585, 96, 22), (706, 140, 34))):
            x = 600 + (n - 2.5) * spread
            canvas.ellipse(x, y, size, size * 0.36, "#fdfbf5")
            canvas.ellipse(x, y, size * 0.6, size * 0.2, colour(canvas.hue + 40 * n, 50, 55 + row * 5))
            canvas.rect(x + size + 6, y - size * 0.9, 4, size * 0.9, "#f2f6f7", opacity=0.8)
    canvas.rect(190, 760, 820, 20, "#684726")
