package tokenizer

import (
	"unicode"
)

// The classes and sequences below restate, as data, the heuristic of ftfy 6.3.1 (Robyn Speer, Apache License 2.0):
// which characters hardly ever meet in text that was decoded correctly.
const (
	controls  = "\u0080-\u009f"
	neutral   = "\u00a0\u00ad´·–—―’…"
	telltale  = "¤¦¨ª¬¯¸ºƒˆˇ˘˛˜†‡‰⌐◊\ufffd"
	sections  = "§¶"
	money     = "¢£¥₧€"
	opening   = "¡©«¿΄΅‘‚“„•‹\uf8ff"
	closing   = "®»˝”›™"
	numeric   = "±²³µ¹¼½¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥"
	faces     = "°Ò-ÖÙ-Üò-öø-üŌŐŪŲ"
	upper     = "À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ"
	lower     = "ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ"
	upperWord = "ÞΆΈΉΊΌΎΏΑ-ΫЁ-Я"
	lowerWord = "ά-ωа-џ"
	boxes     = "│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓"
	spaces    = "\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

	afterArabicLead  = neutral + money + telltale + numeric + opening + "ŸŠ®°µ»"
	betweenTwoLeads  = controls + telltale + opening + closing + money + "°"
	afterLatin1Lead  = "€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´" + opening + closing
	markedOrSymbolic = lower + upper + boxes + opening + closing + money + numeric + sections
)

var unlikely = newPattern(
	// Classes that do not go together.
	sequence{controls},
	sequence{telltale + markedOrSymbolic, telltale},
	sequence{"a-zA-Z", lowerWord + upperWord, telltale},
	sequence{telltale, markedOrSymbolic},
	sequence{lower + lowerWord + boxes + closing + money + numeric, upper},
	sequence{boxes + closing + money + numeric, lower},
	sequence{lower + boxes + closing, money},
	sequence{spaces, upper, money},
	sequence{upper + boxes, numeric + sections},
	sequence{lower + upper + boxes + money + closing, opening, numeric},
	sequence{lower + upper + money + numeric + boxes + sections, closing, opening},
	sequence{money + numeric + boxes, opening},
	sequence{"a-z", upper, opening + money},
	sequence{boxes, faces},
	sequence{lower + upper + money + numeric + opening + closing + sections, boxes},
	sequence{boxes, closing},
	sequence{upper, "°"},
	// UTF-8 read as Windows-1252.
	sequence{"ÂÃÎÐ", afterLatin1Lead},
	sequence{"×", "²³"},
	sequence{"ØÙ", afterArabicLead, "ØÙ", afterArabicLead},
	sequence{"à", "²µ¹¼½¾"},
	sequence{"Ã", "\u00a0¡"},
	sequence{"a-z", "ÃÂ", " "},
	sequence{"a-z", spaces, "ÃÂ", " "},
	sequence{"a-z.,?!" + closing, "Â", " " + opening + closing},
	// UTF-8 read as Mac Roman.
	sequence{"√", "±∂†≠®™´≤≥¥µø"},
	sequence{"≈", "°¢"},
	sequence{"‚", "Ä", "ìîïòôúùû†°¢π"},
	sequence{"‚", "âó", "àä°ê"},
	// UTF-8 read as Windows-1251, 1253 and 1257.
	sequence{"в", "Ђ"},
	sequence{"ВГРС", betweenTwoLeads + "µ", "ВГРС"},
	sequence{"β", "€", "™\u00a0Ά\u00ad®°"},
	sequence{"ΒΓΞΟ", betweenTwoLeads, "ΒΓΞΟ"},
	sequence{"ā", "€"},
)

// These are unlikely only before certain characters, of which there are too many to list.
var (
	unlikelyBeforeWord  = newPattern(sequence{lower + upper, opening + closing})
	unlikelyBeforeOther = newPattern(sequence{"Œœ"})
	unlikelyNearLatin   = newPattern(sequence{"Г", "ў", "В", "Ђ", "В"})
	unlikelyAtStart     = newPattern(sequence{"ÃÂ", " "})
)

// looksMisread reports whether text has characters next to each other that point to a wrong encoding.
func looksMisread(text []rune) bool {
	if matchLength(unlikelyAtStart, text) > 0 {
		return true
	}
	for i := range text {
		if matchLength(unlikely, text[i:]) > 0 || unlikelyInContext(text[i:]) {
			return true
		}
	}
	return false
}

func unlikelyInContext(text []rune) bool {
	if text[0] < 0x80 {
		return false
	}
	if n := matchLength(unlikelyBeforeWord, text); n > 0 && n < len(text) && isWord(text[n]) {
		return true
	}
	if n := matchLength(unlikelyBeforeOther, text); n > 0 && n < len(text) && !isLatin(text[n]) {
		return true
	}
	if n := matchLength(unlikelyNearLatin, text); n > 0 && n+1 < len(text) && text[n] != '\n' {
		return isLatin(text[n+1]) || text[n+1] == ' '
	}
	return false
}

func isLatin(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }
