package faceclip

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// TestLog checks what is logged of an opened pipeline, of a drawing, of an encoding and of a drawing that is cancelled: some records, and
// nothing of prompts.
func TestLog(t *testing.T) {
	var text bytes.Buffer
	p := openMini(t, &Options{Log: slog.New(slog.NewJSONHandler(&text, nil))})
	records := func() (all []map[string]any) {
		for d := json.NewDecoder(&text); d.More(); {
			var r map[string]any
			must(t, d.Decode(&r))
			all = append(all, r)
		}
		return all
	}
	messages := func(all []map[string]any) (names []string) {
		for _, r := range all {
			names = append(names, r["msg"].(string))
		}
		return names
	}
	opened := records()
	if len(opened) != 1 || opened[0]["system"] != "FaceCLIP-SDXL" || opened[0]["device"] != "cpu" || opened[0]["took"].(float64) <= 0 || len(opened[0]["weights"].([]any)) != 3 {
		t.Errorf("opened: %v", opened)
	}

	r := small()
	r.Prompt = "a secret prompt"
	plan, err := p.Plan(r)
	must(t, err)
	generate(t, p, r)
	if strings.Contains(text.String(), "secret") {
		t.Errorf("the prompt is logged: %s", text.String())
	}
	drawn := records()
	if got, want := messages(drawn), []string{"drawing", "stage", "stage", "stage", "drawn"}; !slices.Equal(got, want) {
		t.Fatalf("a drawing logs %v, want %v", got, want)
	}
	if d := drawn[0]; d["private"] != float64(plan.Private) || d["width"] != 32.0 || d["sampler"] != "euler" || d["guided"] != true {
		t.Errorf("drawing: %v", d)
	}
	for i, s := range plan.Stages {
		if d := drawn[1+i]; d["stage"] != s.Stage.String() || d["resident"] != float64(s.Resident) || d["streamed"] != float64(s.Streamed) || d["took"].(float64) <= 0 {
			t.Errorf("stage %v: %v", s.Stage, d)
		}
	}
	if d := drawn[4]; d["complete"] != true {
		t.Errorf("drawn: %v", d)
	}

	_, err = p.Encode(context.Background(), r)
	must(t, err)
	if got := messages(records()); !slices.Equal(got, []string{"stage"}) {
		t.Errorf("Encode logs %v", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.Progress = func(pr Progress) { cancel() }
	if _, err := p.Generate(ctx, r); err == nil {
		t.Error("a cancelled drawing has no error")
	}
	if d := records(); len(d) != 2 || d[1]["msg"] != "drawn" || d[1]["complete"] != false {
		t.Errorf("a cancelled drawing logs %v", d)
	}
	if _, err := p.Generate(context.Background(), &Request{Width: 3}); err == nil || text.Len() > 0 {
		t.Errorf("a request that is refused: %v, and logs %s", err, text.String())
	}
}

// TestLogComponents has the records of level Debug.
func TestLogComponents(t *testing.T) {
	var text bytes.Buffer
	openFLUXMini(t, &Options{Log: slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, want := range []string{"name=face_t5_encoder", "name=transformer", "name=vae", "types=\"bf16 i64\"", "types=f32 "} {
		if strings.Count(text.String(), want) < 1 {
			t.Errorf("no %s in %s", want, text.String())
		}
	}
}
