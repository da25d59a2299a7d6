// POST /images, which is no JSON-RPC method: its page among those of the methods.

import { upload } from "./api.js";
import { badge, el, json, table } from "./view.js";

export const UPLOAD = "POST /images";
const SUMMARY = "Upload an image.";
const DESCRIPTION =
  "The body is the image itself, whatever Content-Type says, or multipart/form-data with a part named file. The answer is " +
  "201 with the image as images.image.get shows it; GET of its url gives the bytes, with ETag and ranges. What an image is " +
  "is judged by its content: nothing is taken from the name or the type.";

const PARAMETERS = [
  {
    path: "Authorization",
    type: "header",
    required: true,
    description: "Bearer and an access token: of a user, or of an integration with images.image.create in its scope.",
    limits: [],
  },
  {
    path: "Content-Type",
    type: "header",
    description: "Only multipart/form-data is looked at.",
    limits: [],
  },
  {
    path: "body",
    type: "image",
    required: true,
    description: "JPEG, PNG, WebP or GIF.",
    limits: ["at most 20 MiB (max_image)", "at most 50,000,000 pixels (max_pixels)"],
  },
];

const ERRORS = [
  ["400", "invalid_params, reason empty or multipart", "there is no image, or no part named file with a boundary around it"],
  ["401", "unauthenticated", "no access token, or one that is not valid now; reason says why"],
  ["403", "forbidden", "the token is of a program whose scope does not have images.image.create"],
  ["408", "deadline_exceeded", "the body did not arrive in time"],
  ["413", "too_large, reason pixels or none", "too many pixels, or too many bytes"],
  [
    "415",
    "invalid_params, reason type; invalid_request, reason content_encoding",
    "not an image of a kind that is taken; a Content-Encoding other than identity",
  ],
  ["422", "invalid_params, reason damaged", "the image is cut short or broken"],
  ["503", "unavailable or overloaded", "images is down or busy; wait retry_after_ms"],
  ["504", "deadline_exceeded", "images did not answer in time"],
];

// Whether the words of the search are about it.
export function uploadMatches(words) {
  const text = `${UPLOAD} ${SUMMARY} ${DESCRIPTION}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function outcome(done) {
  const failed = done.status !== 201;
  return [
    el("h3", {}, "Answer ", badge(failed ? "error" : "result", failed ? "closed" : "open")),
    el("p.timing", {}, `HTTP ${done.status}, ${done.took.toFixed(1)} ms`),
    json(done.answer),
    failed ? null : el("img.uploaded", { src: done.answer.url, alt: "The uploaded image" }),
  ];
}

function sender() {
  const file = el("input", { id: "file", type: "file", accept: "image/jpeg,image/png,image/webp,image/gif" });
  const output = el("div.output", { id: "answer", "aria-live": "polite" });
  const button = el("button.call", { type: "button" }, "Upload");
  const tell = (...children) => output.replaceChildren(...children.filter(Boolean));
  button.addEventListener("click", async () => {
    if (file.files.length === 0) {
      tell(el("p.problem", { role: "alert" }, "Choose a file first."));
      return;
    }
    button.disabled = true;
    try {
      tell(...outcome(await upload(file.files[0])));
    } catch (problem) {
      tell(el("p.problem", { role: "alert" }, `No answer: ${problem.message}`));
    }
    button.disabled = false;
  });
  return el(
    "section.caller",
    { "aria-labelledby": "call-title" },
    el("h2", { id: "call-title" }, "Call it"),
    el("p", {}, "As whoever is logged in above."),
    el("label", { for: "file" }, "Image"),
    file,
    el("p", {}, button),
    output,
  );
}

// The page, as what goes into main.
export function uploadPage() {
  const errors = ERRORS.map(([status, word, when]) => el("li", {}, el("code", {}, `${status} ${word}`), " ", when));
  return [
    el("h1", {}, UPLOAD),
    el("p.summary", {}, SUMMARY),
    el(
      "div.split",
      {},
      el(
        "section.reference",
        {},
        el("p.description", {}, DESCRIPTION),
        el("p.facts", {}, badge("user", "closed"), badge("client", "closed"), badge("HTTP, not JSON-RPC")),
        el("h2", {}, "Parameters"),
        table("Parameters", PARAMETERS.map((row) => ({ depth: 0, ...row })), true),
        el("h2", {}, "Errors"),
        el("p", {}, "The body of each is that of a JSON-RPC error."),
        el("ul.errors", {}, ...errors),
      ),
      sender(),
    ),
  ];
}
