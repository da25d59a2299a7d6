"""Scenes outside and on the table, and which pictures a listing gets: pictures(listing) gives their SVG texts."""

import rooms
from brush import HEIGHT, WIDTH, Canvas, colour


def hills(canvas, base):
    for depth in range(3):
        y = base - 90 + depth * 60
        points = [(0, HEIGHT), (0, y)]
        for n in range(1, 9):
            points.append((n * 150, y + canvas.random.randint(-40, 30)))
        canvas.polygon([*points, (WIDTH, HEIGHT)], colour(canvas.random.randint(88, 125), 30, 58 - depth * 10))


def outdoor(canvas):
    canvas.sky(520)
    hills(canvas, 500)
    canvas.rect(0, 590, WIDTH, 210, canvas.gradient(colour(98, 38, 44), colour(105, 40, 32)))
    for _ in range(9):
        x = canvas.random.choice((canvas.random.randint(0, 330), canvas.random.randint(870, WIDTH)))
        canvas.tree(x, 600, canvas.random.randint(130, 250), colour(canvas.random.randint(80, 130), 36, 34))
    for x in (300, 900):
        canvas.rect(x - 6, 330, 12, 300, "#5b4330")
    canvas.bulbs(300, 340, 900, 340, 50)
    canvas.bulbs(300, 340, 0, 300, 30, 8)
    canvas.bulbs(900, 340, WIDTH, 300, 30, 8)
    for x, y, size in (
        (420, 620, 84),
        (600, 612, 80),
        (780, 620, 84),
        (330, 700, 120),
        (640, 706, 124),
        (930, 700, 120),
    ):
        canvas.table(x, y, size, colour(canvas.hue, 24, 88))


def water(canvas, top):
    canvas.rect(0, top, WIDTH, HEIGHT - top, canvas.gradient("#6ea6bf", "#2d5a78"))
    for _ in range(120):
        y = canvas.random.randint(top + 6, HEIGHT)
        length = 16 + (y - top) * 0.3 * canvas.random.random()
        x = canvas.random.randint(0, WIDTH)
        canvas.line(x, y, x + length, y, "#ffffff", 2, 0.25)


def boat(canvas):
    lit = canvas.sky(470)
    canvas.skyline(480, canvas.random.randint(90, 220), colour(canvas.hue, 16, 30 if lit else 58), lit)
    water(canvas, 470)
    hull, x = colour(canvas.hue, 45, 30), canvas.random.randint(200, 280)
    canvas.ellipse(x + 380, 672, 430, 24, "#0d2a3d", 0.45)
    canvas.path(f"M{x},560 H{x + 790} Q{x + 740},640 {x + 660},670 H{x + 90} Q{x + 20},630 {x},560 Z", hull)
    canvas.path(f"M{x},560 H{x + 790} l-10,18 H{x + 8} Z", "#f5efe2")
    decks = canvas.random.choice((1, 2, 2))
    for deck in range(decks):
        y, inset = 488 - deck * 72, 90 + deck * 70
        canvas.rect(x + inset, y, 720 - 2 * inset + 30, 72, "#f8f4ea", 6)
        canvas.rect(x + inset - 14, y - 8, 778 - 2 * inset, 12, colour(canvas.hue + 20, 40, 40), 4)
        for n in range(11 - deck * 2):
            canvas.rect(
                x + inset + 18 + n * (690 - 2 * inset) / (11 - deck * 2),
                y + 18,
                34,
                32,
                "#ffe3a1" if lit else "#8fc0d6",
                8,
            )
    roof = 480 - (decks - 1) * 72
    canvas.rect(x + 370, roof - 90, 40, 90, colour(canvas.hue + 180, 40, 45), 4)
    canvas.line(x + 200, roof, x + 200, roof - 150, "#4a3a2b", 6)
    canvas.bulbs(x + 30, 550, x + 200, roof - 146, 4, 9)
    canvas.bulbs(x + 200, roof - 146, x + 760, 550, 12, 18)


def dish(canvas, x, y, size):
    canvas.circle(x + 5, y + 8, size, "#000000", 0.2)
    canvas.circle(x, y, size, canvas.random.choice(("#fdfaf3", "#f3e9d8", "#dfe8ea", colour(canvas.hue, 30, 78))))
    canvas.circle(
        x, y, size * 0.8, colour(canvas.random.choice((24, 38, 75, 100, 12)), 48, canvas.random.randint(45, 68))
    )
    for _ in range(14):
        angle_x, angle_y = canvas.random.uniform(-0.5, 0.5), canvas.random.uniform(-0.5, 0.5)
        tint = colour(canvas.random.choice((5, 40, 95, 110, 50, 350)), 62, canvas.random.randint(38, 66))
        canvas.circle(x + angle_x * size, y + angle_y * size, size * canvas.random.uniform(0.07, 0.17), tint)


def catering(canvas):
    canvas.rect(0, 0, WIDTH, HEIGHT, canvas.gradient(colour(28, 34, 46), colour(26, 36, 36)))
    for n in range(7):
        canvas.line(0, n * 120 + 20, WIDTH, n * 120 + canvas.random.randint(10, 30), colour(26, 36, 30), 4, 0.6)
    canvas.rect(0, 250, WIDTH, 300, colour(canvas.hue, 26, 84))
    for n in range(25):
        canvas.rect(n * 50, 250, 22, 300, colour(canvas.hue, 30, 74), opacity=0.5)
    for n, x in enumerate((130, 370, 610, 850, 1080)):
        dish(canvas, x, 400 + (n % 2) * 24 - 12, canvas.random.randint(88, 112))
    for n, x in enumerate((240, 480, 730, 970)):
        for y in (150, 660):
            dish(canvas, x + (n % 2) * 30, y, canvas.random.randint(54, 70))
            canvas.rect(x - 96, y - 60, 7, 120, "#d9dcdd", 3)
            canvas.rect(x + 100, y - 60, 7, 120, "#d9dcdd", 3)


def stage_floor(canvas):
    canvas.rect(0, 0, WIDTH, HEIGHT, canvas.gradient("#0e0d16", colour(canvas.hue, 36, 20)))
    canvas.rect(0, 600, WIDTH, 200, canvas.gradient("#2a2730", "#141319"))


def lights(canvas):
    stage_floor(canvas)
    canvas.rect(80, 96, 1040, 10, "#8a8f96")
    canvas.rect(80, 140, 1040, 10, "#8a8f96")
    for n in range(26):
        canvas.line(80 + n * 40, 104, 120 + n * 40, 142, "#70757c", 4)
    for n in range(8):
        x, tint = 150 + n * 128, colour(canvas.hue + n * 36, 85, 65)
        target = x + canvas.random.randint(-160, 160)
        beam = [(x - 12, 190), (x + 12, 190), (target + 90, 640), (target - 90, 640)]
        canvas.polygon(beam, canvas.gradient((tint, 0.7), (tint, 0.04)))
        canvas.ellipse(target, 660, 96, 20, tint, 0.5)
        canvas.rect(x - 22, 146, 44, 50, "#25262b", 8)


def speakers(canvas):
    stage_floor(canvas)
    for x in (240, 960):
        canvas.circle(x, 360, 330, canvas.glow(colour(canvas.hue + x, 70, 55), 0.5))
        for y, height, cone in ((180, 210, 62), (400, 230, 88)):
            canvas.rect(x - 120, y, 240, height, canvas.gradient("#33343a", "#1c1d21"), 10)
            canvas.circle(x, y + height / 2, cone, "#0c0c0e")
            canvas.circle(x, y + height / 2, cone * 0.8, "#2b2c31")
            canvas.circle(x, y + height / 2, cone * 0.3, "#55565c")
    canvas.polygon([(450, 560), (750, 560), (810, 650), (390, 650)], "#2f3036")
    for n in range(12):
        canvas.line(430 + n * 31, 580, 424 + n * 33, 636, "#5c5e66", 4)
        canvas.rect(421 + n * 32, 592 + canvas.random.randint(0, 30), 16, 10, colour(canvas.hue + n * 12, 70, 62), 2)
    for x in (520, 600, 680):
        canvas.line(x, 560, x, 330, "#9a9ca3", 5)
        canvas.ellipse(x, 320, 15, 24, "#c6c8cd")


def tent(canvas):
    canvas.sky(560)
    hills(canvas, 540)
    canvas.rect(0, 620, WIDTH, 180, canvas.gradient(colour(96, 38, 46), colour(104, 40, 34)))
    cloth, shade = colour(38, 34, 86), colour(36, 28, 72)
    peaks = canvas.random.choice((2, 3))
    step = 840 / peaks
    for n in range(peaks):
        x = 180 + n * step
        canvas.rect(x + 14, 470, step - 28, 170, colour(34, 24, 34), opacity=0.55)
        canvas.path(
            f"M{x - 20},480 Q{x + step * 0.42},430 {x + step / 2},250 Q{x + step * 0.58},430 {x + step + 20},480 Z",
            cloth,
        )
        canvas.path(f"M{x + step / 2},250 Q{x + step * 0.58},430 {x + step + 20},480 H{x + step * 0.62} Z", shade)
        canvas.line(x + 4, 480, x + 4, 650, "#6b5238", 9)
        canvas.line(x + step / 2, 250, x + step / 2, 210, "#6b5238", 5)
        canvas.polygon([(x + step / 2, 210), (x + step / 2 + 50, 222), (x + step / 2, 238)], colour(canvas.hue, 60, 52))
        canvas.table(x + step / 2, 580, 96, colour(canvas.hue, 26, 84))
    canvas.line(1016, 480, 1016, 650, "#6b5238", 9)
    canvas.bulbs(180, 484, 1020, 484, 22, 24)


def chairs(canvas):
    rooms.shell(canvas, (canvas.hue, 14, 84), (30, 30, 52), (0, 0, 94))
    for row in range(5):
        size = 56 + row * 20
        y = 500 + row * 56
        for n in range(-6, 7):
            x = 600 + n * size * 1.15
            if abs(n) < 1:
                continue
            canvas.rect(x - size * 0.34, y - size * 0.5, size * 0.68, size * 0.5, "#fbf8f1", 8)
            canvas.rect(x - size * 0.38, y, size * 0.76, size * 0.14, "#e6dfd1", 4)
            for leg in (-0.34, 0.28):
                canvas.rect(x + leg * size, y + size * 0.12, size * 0.07, size * 0.44, "#d8cfbd")
    canvas.polygon([(575, 540), (625, 540), (700, 800), (500, 800)], colour(canvas.hue, 50, 42), 0.8)


def lanterns(canvas):
    canvas.rect(0, 0, WIDTH, HEIGHT, canvas.gradient("#0d1230", "#2a2350", "#5c3a5e"))
    for _ in range(50):
        canvas.circle(canvas.random.randint(0, WIDTH), canvas.random.randint(0, 300), 1.4, "#ffffff", 0.7)
    canvas.rect(0, 660, WIDTH, 140, "#151329")
    for _ in range(6):
        canvas.tree(canvas.random.randint(0, WIDTH), 670, canvas.random.randint(150, 260), "#141c2c")
    halo = canvas.glow("#ffc46b", 0.75)
    for row, (y, size) in enumerate(((170, 34), (290, 44), (430, 58))):
        canvas.path(f"M-20,{y - 60} Q600,{y + 20} 1220,{y - 60}", stroke="#3b2f3a", width=3)
        for n in range(9 - row):
            x = (n + 0.5) * WIDTH / (9 - row)
            drop = y + 30 - abs(x - 600) / 14
            canvas.circle(x, drop, size * 2.4, halo)
            canvas.ellipse(x, drop, size, size * 1.15, canvas.gradient("#ffe9b8", "#ff9d4d"))
            for rib in (-0.5, 0, 0.5):
                canvas.line(x - size * 0.85, drop + rib * size, x + size * 0.85, drop + rib * size, "#b8602c", 2, 0.5)
            canvas.rect(x - size * 0.35, drop - size * 1.25, size * 0.7, size * 0.2, "#33201c", 3)
            canvas.rect(x - size * 0.35, drop + size * 1.05, size * 0.7, size * 0.2, "#33201c", 3)


def facade(canvas):
    """The house from the street: the second picture of what is a room."""
    lit = canvas.sky(640)
    canvas.skyline(650, 260, colour(canvas.hue + 190, 14, 26 if lit else 68), lit)
    wall = colour(canvas.random.choice((18, 36, 42, 200, canvas.hue)), 32, 40 if lit else 66)
    left, right, top = (
        canvas.random.randint(190, 280),
        canvas.random.randint(900, 1010),
        canvas.random.randint(190, 280),
    )
    canvas.rect(left, top, right - left, 660 - top, wall)
    if canvas.random.random() < 0.6:
        canvas.polygon([(left - 20, top), (right + 20, top), ((left + right) / 2, top - 110)], colour(14, 38, 36))
    else:
        canvas.rect(left - 14, top - 22, right - left + 28, 26, colour(canvas.hue, 20, 30))
    count = canvas.random.randint(5, 7)
    step = (right - left) / count
    for row in range(2):
        for n in range(count):
            pane = canvas.gradient("#ffe9b0", "#ffcf7d") if lit else canvas.gradient("#bcd9e8", "#7ea3b8")
            x, y = left + step * (n + 0.22), top + 36 + row * (660 - top) * 0.36
            canvas.rect(x - 6, y - 6, step * 0.56 + 12, 122, "#f3eee4", 3)
            canvas.rect(x, y, step * 0.56, 110, pane)
            canvas.line(x + step * 0.28, y, x + step * 0.28, y + 110, "#f3eee4", 4)
    middle = (left + right) / 2
    canvas.path(
        f"M{middle - 64},660 V560 Q{middle},490 {middle + 64},560 V660 Z", colour(canvas.hue, 48, 28), "#f3eee4", 6
    )
    canvas.rect(0, 656, WIDTH, 144, canvas.gradient("#7f7a76", "#57534f"))
    canvas.rect(0, 656, WIDTH, 16, "#a19b95")
    for x in (90, 1120):
        canvas.tree(x, 670, 230, colour(110, 32, 22 if lit else 36))
    for x in (left - 50, right + 50):
        canvas.rect(x - 4, 480, 8, 190, "#2d2d30")
        canvas.circle(x, 474, 16, "#fff0c4")
        canvas.circle(x, 474, 70, canvas.glow("#ffe3a0", 0.8 if lit else 0.2))


INSIDE = {
    "hall": rooms.hall,
    "venue": rooms.hall,
    "loft": rooms.loft,
    "studio": rooms.studio,
    "theatre": rooms.theatre,
    "gallery": rooms.gallery,
    "meeting_room": rooms.meeting_room,
    "restaurant": rooms.restaurant,
}
OTHER = {"outdoor": outdoor, "boat": boat, "catering": catering}
EQUIPMENT = {
    "tent": tent,
    "marquee": tent,
    "chairs": chairs,
    "lantern": lanterns,
    "light": lights,
    "sound": speakers,
}


def scenes_of(listing):
    if listing["type"] == "equipment":
        title = listing["title"].lower()
        return [next((scene for word, scene in EQUIPMENT.items() if word in title), speakers)]
    if listing["type"] in OTHER:
        return [OTHER[listing["type"]]]
    return [INSIDE[listing["type"]], facade]


def pictures(listing):
    """The listing's pictures as SVG texts; the same listing, the same pictures."""
    texts = []
    for scene in scenes_of(listing):
        canvas = Canvas(f"{listing['title']} {scene.__name__}")
        scene(canvas)
        texts.append(canvas.svg())
    return texts
