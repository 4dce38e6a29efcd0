# What a step of Penstock is given and gives back, for R: source(file.path(Sys.getenv("PENSTOCK_HELPERS"), "penstock.R"))
#
#   table <- penstock$read("table.csv")                 an input, by its format: .csv, .json, .txt; penstock$input() is its path
#   penstock$parameters$degree                          the parameters of the call, a list
#   penstock$write("fit.json", list(slope = 2))         an output, by its format; penstock$output("plot.png") is its path
#   penstock$metrics(loss = 0.25, step = 3)             points of curves
#   penstock$progress(30, total = 100)
#   penstock$tag("best"); penstock$note("..."); penstock$name("...")
#   penstock$display("plot.png", caption = "...")       a file; without one html = "...", markdown = "..." or json = list(...)
#   penstock$checkpoint("state.rds")                    path of a file that the task's next attempt finds
#
# It needs R alone. Outside of a step inputs and outputs are files of the current folder, and what is recorded goes nowhere.

penstock <- local({
  place <- function(variable, name) {
    folder <- Sys.getenv(variable, ".")
    if (missing(name)) folder else file.path(folder, name)
  }
  text_of <- function(path) {
    text <- readChar(path, file.info(path)$size, useBytes = TRUE)
    Encoding(text) <- "UTF-8"
    text
  }

  # JSON: objects are named lists; arrays of numbers, texts or truth values are vectors, all others lists; null is NULL.

  escapes <- c("\"" = "\"", "\\" = "\\", "/" = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t")
  tokens <- "\"(?:[^\"\\\\]|\\\\.)*\"|-?[0-9]+(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null|[][{},:]"

  from_json <- function(text) {
    found <- gregexpr(tokens, text, perl = TRUE)
    words <- regmatches(text, found)[[1]]
    if (grepl("[^ \t\r\n]", paste(regmatches(text, found, invert = TRUE)[[1]], collapse = ""))) stop("this is not JSON")
    at <- 0L
    take <- function() {
      at <<- at + 1L
      if (at > length(words)) stop("this JSON ends too early")
      words[[at]]
    }
    value <- function(word = take()) {
      first <- substr(word, 1L, 1L)
      if (first == "{") object()
      else if (first == "[") array()
      else if (first == "\"") unescaped(word)
      else if (word == "null") NULL
      else if (word %in% c("true", "false")) word == "true"
      else if (grepl("^[-0-9]", word)) as.numeric(word)
      else stop("this is not JSON: '", word, "' stands where a value is expected")
    }
    items <- function(end, item) {
      if (at < length(words) && words[[at + 1L]] == end) { take(); return(invisible()) }
      repeat {
        item()
        word <- take()
        if (word == end) return(invisible())
        if (word != ",") stop("this is not JSON: '", word, "' stands where a comma is expected")
      }
    }
    object <- function() {
      made <- structure(list(), names = character())
      items("}", function() {
        word <- take()
        if (substr(word, 1L, 1L) != "\"") stop("this is not JSON: '", word, "' stands where a name is expected")
        name <- unescaped(word)
        if (take() != ":") stop("this is not JSON: a colon is expected behind \"", name, "\"")
        made[name] <<- list(value())
      })
      made
    }
    array <- function() {
      made <- list()
      items("]", function() made[length(made) + 1L] <<- list(value()))
      kinds <- unique(vapply(made, function(one) if (length(one) == 1L && is.atomic(one)) typeof(one) else "", ""))
      if (length(kinds) != 1L || !nzchar(kinds)) made
      else if (length(made) == 1L) I(unlist(made)) # so that it is written as an array again
      else unlist(made)
    }
    whole <- value()
    if (at != length(words)) stop("this is not JSON: more stands behind its end")
    whole
  }
  unescaped <- function(word) {
    text <- substr(word, 2L, nchar(word) - 1L)
    if (!grepl("\\", text, fixed = TRUE)) return(text)
    parts <- regmatches(text, gregexpr("\\\\u[0-9a-fA-F]{4}|\\\\.|[^\\\\]+", text, perl = TRUE))[[1]]
    codes <- ifelse(startsWith(parts, "\\u"), strtoi(substr(parts, 3L, 6L), 16L), NA)
    made <- character(length(parts))
    high <- NA
    for (at in seq_along(parts)) {
      code <- codes[[at]]
      if (is.na(code)) {
        letter <- substr(parts[[at]], 2L, 2L)
        made[[at]] <- if (startsWith(parts[[at]], "\\")) escapes[[letter]] else parts[[at]]
      } else if (code >= 0xD800 && code < 0xDC00) {
        high <- code # half of a pair: the next one is the other
      } else {
        if (code >= 0xDC00 && code < 0xE000 && !is.na(high)) code <- 0x10000 + (high - 0xD800) * 0x400 + (code - 0xDC00)
        made[[at]] <- intToUtf8(code)
        high <- NA
      }
    }
    paste(made, collapse = "")
  }

  quoted <- function(text) {
    text <- enc2utf8(as.character(text))
    text <- gsub("\"", "\\\"", gsub("\\", "\\\\", text, fixed = TRUE), fixed = TRUE)
    for (code in c(1:31, 127L)) {
      letter <- intToUtf8(code)
      if (any(grepl(letter, text, fixed = TRUE))) text <- gsub(letter, sprintf("\\u%04x", code), text, fixed = TRUE)
    }
    paste0("\"", text, "\"")
  }
  number <- function(value) {
    is_far <- abs(value) >= 1e15 || (value != 0 && abs(value) < 1e-5)
    short <- format(value, digits = 15L, scientific = is_far)
    if (as.numeric(short) == value) short else format(value, digits = 17L, scientific = is_far)
  }
  scalar <- function(value, strict) {
    if (is.na(value) && !is.nan(value)) "null"
    else if (is.character(value)) quoted(value)
    else if (is.logical(value)) if (value) "true" else "false"
    else if (is.finite(value)) number(value)
    else if (strict) stop("JSON has no word for ", value, ": give NA, which is null")
    else if (is.nan(value)) "NaN"
    else if (value > 0) "Infinity" else "-Infinity"
  }
  # Vectors of one are values, and I(...) keeps one an array; a data frame is an array of its rows.
  to_json <- function(value, strict = TRUE) {
    if (is.null(value)) return("null")
    if (is.data.frame(value)) {
      rows <- lapply(seq_len(nrow(value)), function(row) lapply(as.list(value), function(column) column[[row]]))
      return(array_of(vapply(rows, to_json, "", strict = strict)))
    }
    if (is.factor(value)) value <- as.character(value)
    if (inherits(value, c("Date", "POSIXt"))) value <- format(value)
    is_plain <- is.list(value) || is.character(value) || is.numeric(value) || is.logical(value)
    if (!is_plain) stop("JSON can't hold a value of the class ", class(value)[[1]])
    names <- names(value)
    if (is.matrix(value)) {
      return(array_of(apply(value, 1L, function(row) array_of(vapply(row, scalar, "", strict = strict)))))
    }
    keeps <- inherits(value, "AsIs")
    parts <- vapply(
      seq_along(value),
      function(at) if (is.list(value)) to_json(value[[at]], strict) else scalar(value[[at]], strict),
      ""
    )
    if (!is.null(names)) paste0("{", paste(quoted(names), parts, sep = ": ", collapse = ", "), "}")[[1]]
    else if (is.list(value) || keeps || length(parts) != 1L) array_of(parts)
    else parts
  }
  array_of <- function(parts) paste0("[", paste(parts, collapse = ", "), "]")

  records <- NULL
  record <- function(...) {
    where <- Sys.getenv("PENSTOCK_RECORDS")
    if (!nzchar(where)) return(invisible())
    said <- list(...)
    line <- to_json(said[!vapply(said, is.null, NA)], strict = FALSE)
    if (is.null(records)) records <<- file(where, "ab", raw = TRUE)
    writeBin(charToRaw(paste0(line, "\n")), records)
    flush(records)
    invisible()
  }
  ending <- function(name) tolower(sub(".*\\.", "", name))

  delayedAssign("parameters", {
    path <- Sys.getenv("PENSTOCK_PARAMETERS")
    if (nzchar(path)) from_json(text_of(path)) else list()
  })

  own <- environment()
  api <- new.env()
  makeActiveBinding("parameters", function() get("parameters", own), api)
  api$from_json <- from_json
  api$to_json <- function(value) to_json(value)
  api$input <- function(name) place("PENSTOCK_INPUTS", name)
  api$output <- function(name) place("PENSTOCK_OUTPUTS", name)
  api$checkpoint <- function(name) place("PENSTOCK_CHECKPOINTS", name)
  api$read <- function(input, ...) {
    path <- api$input(input)
    if (!file.exists(path)) stop("there is no input ", input, ": there are ", paste(list.files(api$input()), collapse = ", "))
    switch(ending(input),
      csv = utils::read.csv(path, ..., encoding = "UTF-8", check.names = FALSE),
      json = from_json(text_of(path)),
      txt = text_of(path),
      stop("penstock$read reads .csv, .json and .txt: read ", path, " with what its format asks for")
    )
  }
  api$write <- function(output, value, ...) {
    path <- api$output(output)
    text <- switch(ending(output),
      csv = { utils::write.csv(value, path, ..., row.names = FALSE, fileEncoding = "UTF-8"); NULL },
      json = to_json(value),
      txt = paste(enc2utf8(as.character(value)), collapse = "\n"),
      stop("penstock$write writes .csv, .json and .txt: write ", path, " with what its format asks for")
    )
    if (!is.null(text)) writeBin(charToRaw(enc2utf8(text)), path)
    invisible(path)
  }
  api$metrics <- function(..., step = NULL) record(metrics = list(...), step = step)
  api$progress <- function(done, total = NULL, label = NULL) record(progress = done, total = total, label = label)
  api$tag <- function(...) record(tag = I(c(...)))
  api$note <- function(text) record(note = text)
  api$name <- function(text) record(run_name = text)
  api$display <- function(file = NULL, html = NULL, markdown = NULL, json = NULL, name = NULL, caption = NULL, step = NULL) {
    what <- if (!is.null(file)) normalizePath(file, mustWork = TRUE)
      else if (!is.null(html)) list(html = paste(html, collapse = "\n"))
      else if (!is.null(markdown)) list(markdown = paste(markdown, collapse = "\n"))
      else list(json = json)
    record(display = what, name = name, caption = caption, step = step)
  }
  lockEnvironment(api, bindings = TRUE)
  api
})
