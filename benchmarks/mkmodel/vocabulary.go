package main

import (
	"fmt"
	"strings"
)

// vocabularySize is that of CLIP.
const vocabularySize = 49408

// vocabulary returns a vocab.json and a merges.txt of CLIP's size whose merges are made up: what counts is that
// prompts can be tokenised, not into what.
func vocabulary() (vocab, merges string) {
	var symbols []string
	plain := func(b int) bool { return 33 <= b && b < 127 || 161 <= b && b < 173 || 174 <= b && b < 256 }
	for b := range 256 {
		if plain(b) {
			symbols = append(symbols, string(rune(b)))
		}
	}
	for i := range 256 - len(symbols) {
		symbols = append(symbols, string(rune(256+i)))
	}
	for _, s := range symbols[:256] {
		symbols = append(symbols, s+"</w>")
	}
	var lines strings.Builder
	lines.WriteString("#version: 0.2\n")
	for i := 0; len(symbols) < vocabularySize-2; i++ {
		left, right := symbols[i/512%256], symbols[i%512]
		fmt.Fprintf(&lines, "%s %s\n", left, right)
		symbols = append(symbols, left+right)
	}
	symbols = append(symbols, "<|startoftext|>", "<|endoftext|>")
	ids := map[string]int{}
	for i, s := range symbols {
		ids[s] = i
	}
	return toJSON(ids), lines.String()
}
