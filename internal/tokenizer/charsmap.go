package tokenizer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Limits of a charsmap. SentencePiece's own have 240 KB, and no replacement longer than 33 bytes.
const (
	maxCharsmap    = 2 << 20
	maxReplacement = 64
)

// shortCluster is the length in bytes from which on a grapheme cluster is looked up character by character.
const shortCluster = 6

// A charsmap is SentencePiece's precompiled_charsmap: strings and their replacements. The file has the length of a
// double-array trie (Darts-clone's), the trie, and the replacements, each with a zero after it.
type charsmap struct {
	units        []trieUnit
	replacements string
}

// A trieUnit is an element of the trie. A node is the index of a unit, whose offset, XORed with the node, gives its
// base; the child for byte b, if there is one, is at base XOR b and has b as label; a node that is a key has its value
// at the base.
type trieUnit uint32

func (u trieUnit) isKey() bool   { return u>>8&1 == 1 }
func (u trieUnit) value() int    { return int(u & (1<<31 - 1)) }
func (u trieUnit) label() uint32 { return uint32(u & (1<<31 | 0xff)) }
func (u trieUnit) offset() int   { return int(u>>10) << (u & (1 << 9) >> 6) }

// newCharsmap reads and checks a charsmap. It is nil, which changes nothing, if the file is empty.
func newCharsmap(file []byte) (*charsmap, error) {
	if len(file) == 0 {
		return nil, nil
	}
	if len(file) > maxCharsmap {
		return nil, fmt.Errorf("%d bytes, more than %d", len(file), maxCharsmap)
	}
	if len(file) < 4 {
		return nil, errors.New("cut off")
	}
	size, rest := binary.LittleEndian.Uint32(file), file[4:]
	if size == 0 || size%4 != 0 || int64(size) > int64(len(rest)) {
		return nil, fmt.Errorf("a trie of %d bytes in %d", size, len(rest))
	}
	c := &charsmap{units: make([]trieUnit, size/4), replacements: string(rest[size:])}
	for i := range c.units {
		c.units[i] = trieUnit(binary.LittleEndian.Uint32(rest[4*i:]))
	}
	if !utf8.ValidString(c.replacements) {
		return nil, errors.New("the replacements are not UTF-8")
	}
	return c, c.check()
}

// check visits all nodes, each base once, so that replacement need not look out.
func (c *charsmap) check() error {
	seen := make([]bool, len(c.units))
	bases := []int{c.units[0].offset()}
	for len(bases) > 0 {
		base := bases[len(bases)-1]
		bases = bases[:len(bases)-1]
		if base|0xff >= len(c.units) {
			return fmt.Errorf("offset %d is outside the trie of %d units", base, len(c.units))
		}
		if seen[base] {
			continue
		}
		seen[base] = true
		for label := 1; label <= 0xff; label++ {
			node := base ^ label
			unit := c.units[node]
			if unit.label() != uint32(label) {
				continue
			}
			child := node ^ unit.offset()
			bases = append(bases, child)
			if unit.isKey() && child < len(c.units) {
				if err := c.checkValue(c.units[child].value()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *charsmap) checkValue(value int) error {
	if value > len(c.replacements) {
		return fmt.Errorf("replacement at %d of %d bytes", value, len(c.replacements))
	}
	rest := c.replacements[value:]
	if rest != "" && !utf8.RuneStart(rest[0]) {
		return fmt.Errorf("replacement at %d begins inside a character", value)
	}
	if len(rest) > maxReplacement && strings.IndexByte(rest[:maxReplacement+1], 0) < 0 {
		return fmt.Errorf("replacement at %d is longer than %d bytes", value, maxReplacement)
	}
	return nil
}

// replacement returns what the shortest key that text begins with is replaced by.
func (c *charsmap) replacement(text string) (string, bool) {
	base := c.units[0].offset()
	for i := range len(text) {
		label := text[i]
		if label == 0 {
			break
		}
		node := base ^ int(label)
		unit := c.units[node]
		if unit.label() != uint32(label) {
			break
		}
		base = node ^ unit.offset()
		if unit.isKey() {
			replacement, _, _ := strings.Cut(c.replacements[c.units[base].value():], "\x00")
			return replacement, true
		}
	}
	return "", false
}

// normalize makes the replacements, cluster by cluster as the reference does: it replaces a whole short cluster even if
// only its beginning is in the map.
func (c *charsmap) normalize(text string) string {
	if c == nil {
		return text
	}
	var out strings.Builder
	known := strings.ReplaceAll(text, newMark, knownMark)
	for len(text) > 0 {
		size := clusterSize(known)
		cluster := text[:size]
		text, known = text[size:], known[size:]
		if len(cluster) < shortCluster {
			if replacement, ok := c.replacement(cluster); ok {
				out.WriteString(replacement)
				continue
			}
		}
		for _, r := range cluster {
			character := string(r)
			if replacement, ok := c.replacement(character); ok {
				character = replacement
			}
			out.WriteString(character)
		}
	}
	return out.String()
}

// The reference knows Unicode 16, uniseg 15. Only this combining mark can make a difference in a short cluster. It
// counts as the next one, which is like it.
const (
	newMark   = "\u0897"
	knownMark = "\u0898"
)

// clusterSize returns the length of the extended grapheme cluster that text begins with.
func clusterSize(text string) int {
	if isVisible(text[0]) && (len(text) == 1 || isVisible(text[1])) {
		return 1 // as nearly everywhere
	}
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(text, -1)
	return len(cluster)
}

func isVisible(b byte) bool { return ' ' <= b && b <= '~' }
