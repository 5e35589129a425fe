package faceclip

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestFullDisk converts where no file can grow beyond a megabyte, in a process of its own: an error, and nothing is left.
func TestFullDisk(t *testing.T) {
	if os.Getenv("FACECLIP_TEST_FULL") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), "FACECLIP_TEST_FULL=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "was refused") {
			t.Errorf("child: %v\n%s", err, out)
		}
		return
	}
	dir := copyMini(t)
	signal.Ignore(syscall.SIGXFSZ)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}))
	err := Convert(context.Background(), dir, dir+"-int8", &ConvertOptions{Weights: tensor.I8})
	if err == nil || !strings.Contains(err.Error(), "face_clip_encoder") {
		t.Fatalf("got %v, want an error that names the file", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: something is left", entries, err)
	}
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	defer p.Close()
	generate(t, p, small())
	t.Log("was refused")
}
