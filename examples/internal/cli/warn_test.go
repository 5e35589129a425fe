package cli

import (
	"strings"
	"testing"
)

func TestWarn(t *testing.T) {
	long := strings.Repeat(", ", 80)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-prompt", "a man"}, ""},
		{[]string{"-prompt", long}, "Warning: -prompt is cut: clip reads the first 75 of its "},
		{[]string{"-prompt", "a man", "-negative", long, "-guidance", "4"}, "Warning: -negative is cut: clip reads the first 75 of its 80 tokens.\n"},
		{[]string{"-prompt", "a man", "-negative", long, "-guidance", "0"}, ""},
	} {
		f, r, p := opened(t, c.args)
		var got strings.Builder
		if err := f.warn(t.Context(), &got, p, r); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(got.String(), c.want) || c.want == "" && got.Len() > 0 || strings.Count(got.String(), "\n") > 1 {
			t.Errorf("%q: got %q, want %q", c.args, got.String(), c.want)
		}
	}
}

func TestLogFlag(t *testing.T) {
	for _, args := range [][]string{{"-log"}, nil} {
		f, err := Parse("usage", "out.png", args)
		if err != nil || (f.options.Log != nil) != (len(args) > 0) {
			t.Errorf("%v: %v, %v", args, f.options.Log, err)
		}
	}
}
