package faceclipgo

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var snippet = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestSnippets builds what README.md and docs have in Go, as it is there, in a module that needs this one as any other would.
func TestSnippets(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	goMod := "module example.com/snippets\n\ngo 1.26.0\n\nrequire " + strings.TrimSuffix(module, "/") + " v0.0.0\n\nreplace " +
		strings.TrimSuffix(module, "/") + " => " + filepath.ToSlash(here) + "\n"
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	files := snippets(t)
	if !strings.Contains(files["README0/snippet.go"], "func main()") {
		t.Error("README.md does not begin with a program")
	}
	files["go.mod"], files["go.sum"] = goMod, string(sums)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"vet ./...", "build -o " + filepath.Join(dir, "program") + " ./README0"} {
		cmd := exec.Command("go", strings.Fields(args)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args, err, out)
		}
	}
}

// snippets returns each as a file of a package of its own.
func snippets(t *testing.T) map[string]string {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, page := range append(pages, "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, found := range snippet.FindAllSubmatch(text, -1) {
			name := fmt.Sprintf("%s%d/snippet.go", strings.TrimSuffix(filepath.Base(page), ".md"), i)
			files[name] = string(found[1])
		}
	}
	return files
}
