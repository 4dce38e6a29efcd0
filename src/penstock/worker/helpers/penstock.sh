# What a step of Penstock is given and gives back, for a POSIX shell: . "$PENSTOCK_HELPERS/penstock.sh"
#
#   penstock_input words.txt                    prints the path of an input, penstock_output of an output,
#                                               penstock_checkpoint of a file that the task's next attempt finds
#   penstock_parameter least 3                  prints a parameter of the call, or 3 where there is none of this name: a
#                                               text as it is, all else as JSON; without a default it fails then
#   penstock_metrics loss=0.25 accuracy=0.9 --step 3
#   penstock_progress 30 100
#   penstock_tag best; penstock_note "..."; penstock_name "..."
#   penstock_display plot.png [NAME [CAPTION]]
#   penstock_json "a text"                      prints it as JSON has it, with its quotes
#
# It needs a shell and awk alone. Outside of a step inputs and outputs are files of the current folder, and what is
# recorded goes nowhere. Its functions set no variables of yours.

penstock_input() { printf '%s/%s\n' "${PENSTOCK_INPUTS:-.}" "$1"; }
penstock_output() { printf '%s/%s\n' "${PENSTOCK_OUTPUTS:-.}" "$1"; }
penstock_checkpoint() { printf '%s/%s\n' "${PENSTOCK_CHECKPOINTS:-.}" "$1"; }

penstock_json() {
    printf '%s' "$1" | LC_ALL=C awk '
        BEGIN { for (code = 1; code < 32; code++) escapes[sprintf("%c", code)] = sprintf("\\u%04x", code)
                escapes["\""] = "\\\""; escapes["\\"] = "\\\\"; RS = "\n"; printf "\"" }
        NR > 1 { printf "\\n" }
        { for (at = 1; at <= length($0); at++) { one = substr($0, at, 1); printf "%s", one in escapes ? escapes[one] : one } }
        END { print "\"" }'
}

penstock_parameter() {
    if [ -n "${PENSTOCK_PARAMETERS:-}" ] && PENSTOCK_WANTED=$1 LC_ALL=C awk '
        function later(code, unit) { return sprintf("%c", 128 + int(code / unit) % 64) }
        function utf8(code) {
            if (code < 128) return sprintf("%c", code)
            if (code < 2048) return sprintf("%c", 192 + int(code / 64)) later(code, 1)
            if (code < 65536) return sprintf("%c", 224 + int(code / 4096)) later(code, 64) later(code, 1)
            return sprintf("%c", 240 + int(code / 262144)) later(code, 4096) later(code, 64) later(code, 1)
        }
        function hex(digits,   at, number) {
            for (at = 1; at <= 4; at++) number = number * 16 + index("0123456789abcdef", tolower(substr(digits, at, 1))) - 1
            return number
        }
        function unescaped(word,   at, one, code, low, made) {
            for (at = 2; at < length(word); at++) {
                one = substr(word, at, 1)
                if (one != "\\") { made = made one; continue }
                one = substr(word, ++at, 1)
                if (one == "u") {
                    code = hex(substr(word, at + 1, 4)); at += 4
                    if (code >= 55296 && code < 56320 && substr(word, at + 1, 2) == "\\u") {
                        low = hex(substr(word, at + 3, 4)); at += 6
                        code = 65536 + (code - 55296) * 1024 + low - 56320
                    }
                    made = made utf8(code)
                } else made = made (one in letters ? letters[one] : one)
            }
            return made
        }
        function token() {
            sub(/^[ \t\r\n]+/, "", text)
            if (match(text, /^"([^"\\]|\\.)*"/) || match(text, /^[^][{},:" \t\r\n]+/)) ; else { RSTART = 1; RLENGTH = 1 }
            word = substr(text, 1, RLENGTH); text = substr(text, RLENGTH + 1)
            return word
        }
        function value(   whole, deep, part) {
            do {
                part = token()
                whole = whole part (part == "," || part == ":" ? " " : "")
                if (part == "{" || part == "[") deep++
                if (part == "}" || part == "]") deep--
            } while (deep > 0 && text != "")
            return whole
        }
        BEGIN { letters["n"] = "\n"; letters["t"] = "\t"; letters["r"] = "\r"; letters["b"] = "\b"; letters["f"] = "\f" }
        { text = text (NR > 1 ? "\n" : "") $0 }
        END {
            token()
            while (text != "") {
                name = token()
                if (name == "}") exit 1
                if (name == ",") continue
                token()
                found = value()
                if (unescaped(name) == ENVIRON["PENSTOCK_WANTED"]) { print found ~ /^"/ ? unescaped(found) : found; exit 0 }
            }
            exit 1
        }' "$PENSTOCK_PARAMETERS"
    then
        return 0
    elif [ $# -gt 1 ]; then
        printf '%s\n' "$2"
    else
        printf 'there is no parameter %s\n' "$1" >&2
        return 1
    fi
}

penstock_record() {
    if [ -n "${PENSTOCK_RECORDS:-}" ]; then
        printf '%s\n' "$1" >> "$PENSTOCK_RECORDS"
    fi
}

penstock_metrics() (
    said='' step=''
    while [ $# -gt 0 ]; do
        case $1 in
            --step) step=$2; shift ;;
            *=*) said="$said${said:+, }$(penstock_json "${1%%=*}"): ${1#*=}" ;;
            *) printf 'penstock_metrics: %s is no NAME=NUMBER\n' "$1" >&2; exit 2 ;;
        esac
        shift
    done
    penstock_record "{\"metrics\": {$said}${step:+, \"step\": $step}}"
)

penstock_progress() { penstock_record "{\"progress\": $1${2:+, \"total\": $2}${3:+, \"label\": $(penstock_json "$3")}}"; }
penstock_tag() { penstock_record "{\"tag\": $(penstock_json "$1")}"; }
penstock_note() { penstock_record "{\"note\": $(penstock_json "$1")}"; }
penstock_name() { penstock_record "{\"run_name\": $(penstock_json "$1")}"; }

penstock_display() (
    case $1 in
        /*) said=$(penstock_json "$1") ;;
        *) said=$(penstock_json "$PWD/$1") ;;
    esac
    said="$said${2:+, \"name\": $(penstock_json "$2")}${3:+, \"caption\": $(penstock_json "$3")}"
    penstock_record "{\"display\": $said}"
)
