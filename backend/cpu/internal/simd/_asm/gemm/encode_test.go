package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEncoding lets GNU objdump read every combination of registers.
func TestEncoding(t *testing.T) {
	if _, err := exec.LookPath("objdump"); err != nil {
		t.Skip("objdump is not installed")
	}
	encodes(t, 32, vdpbf16ps, "vdpbf16ps %%zmm%d,%%zmm%d,%%zmm%d")
	encodes(t, 32, vcvtne2ps2bf16, "vcvtne2ps2bf16 %%zmm%d,%%zmm%d,%%zmm%d")
	encodes(t, 32, func(to, _, from int) []byte { return vcvtneps2bf16(to, from) }, "vcvtneps2bf16 %%zmm%[1]d,%%ymm%[3]d")
	encodes(t, 16, vpdpbusd, "{vex} vpdpbusd %%ymm%d,%%ymm%d,%%ymm%d")
}

func encodes(t *testing.T, registers int, encode func(sum, a, b int) []byte, format string) {
	t.Helper()
	var code []byte
	var want []string
	for sum := range registers {
		for a := range registers {
			for b := range registers {
				code = append(code, encode(sum, a, b)...)
				want = append(want, fmt.Sprintf(format, b, a, sum))
			}
		}
	}
	file := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(file, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(string(out), "\n") {
		if _, text, ok := strings.Cut(line, ":\t"); ok {
			got = append(got, strings.Join(strings.Fields(text), " "))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d instructions, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("instruction %d is %q, want %q", i, got[i], want[i])
		}
	}
}
