"""JSON lines that compress as logs do, the same on every machine."""
import random

EVENTS = ["page_view", "add_to_cart", "checkout", "search", "login", "logout", "refund"]
REGIONS = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/126.0",
          "okhttp/4.12.0", "curl/8.8.0"]
LINES, SEED = 10_000, 1


def write(path):
    """Writes the lines and gives their mean length in bytes."""
    draw = random.Random(SEED)
    lines = [line(draw, number) for number in range(LINES)]
    path.write_text("\n".join(lines) + "\n")
    return sum(map(len, lines)) / LINES


def line(draw, number):
    seconds, millis = divmod(number * 37, 1_000)
    clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{millis:03}"
    return (f'{{"ts":"2026-01-01T{clock}Z","id":"{pick(draw, range(2**48)):012x}",'
            f'"user":{pick(draw, range(1_000_000))},"event":"{pick(draw, EVENTS)}",'
            f'"path":"/products/{pick(draw, range(5_000))}",'
            f'"status":{pick(draw, [200, 200, 200, 304, 404, 500])},'
            f'"took_ms":{pick(draw, range(100_000)) / 100},"region":"{pick(draw, REGIONS)}",'
            f'"agent":"{pick(draw, AGENTS)}"}}')


def pick(draw, among):
    # Of Random only random() is promised to stay the same from one Python to the next.
    return among[int(draw.random() * len(among))]
