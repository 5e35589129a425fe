package faceclip

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

// files returns a file system of files given as name and content.
func files(pairs ...string) fstest.MapFS {
	tree := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return tree
}

const (
	none = int64(math.MaxInt64)

	mount2  = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	mount1  = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	mountIO = "38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio\n"
	both    = "36 31 0:33 / /sys/fs/cgroup/cpu\\040memory rw shared:5 master:3 - cgroup cgroup rw,cpu,memory\n"
	docker  = "35 31 0:32 /docker/7f /sys/fs/cgroup/memory ro,nosuid master:17 - cgroup cgroup rw,memory\n"

	g2 = "sys/fs/cgroup/"
	g1 = "sys/fs/cgroup/memory/"
)

// TestGroupLimit has control groups as they are on machines and in containers.
func TestGroupLimit(t *testing.T) {
	for name, c := range map[string]struct {
		group, mounts string
		files         []string
		want          int64
	}{
		"no groups":                   {"", "", nil, none},
		"version 2, unlimited":        {"0::/user.slice\n", mount2, []string{g2 + "user.slice/memory.max", "max\n"}, none},
		"version 2, its own":          {"0::/a/b\n", mount2, []string{g2 + "a/b/memory.max", "5000\n", g2 + "a/memory.max", "max\n"}, 5000},
		"version 2, one above":        {"0::/a/b/c\n", mount2, []string{g2 + "a/b/c/memory.max", "max\n", g2 + "a/b/memory.max", "7000\n", g2 + "a/memory.max", "9000\n"}, 7000},
		"version 2, the highest":      {"0::/a/b/c\n", mount2, []string{g2 + "a/b/c/memory.max", "8000\n", g2 + "a/memory.max", "300\n"}, 300},
		"version 2, of another":       {"0::/a\n", mount2, []string{g2 + "b/memory.max", "1\n", g2 + "a/c/memory.max", "1\n", g2 + "a/memory.max", "40\n"}, 40},
		"version 2, a container":      {"0::/\n", mount2, []string{g2 + "memory.max", "600\n"}, 600},
		"version 2, group out of it":  {"0::/../../other\n", mount2, []string{g2 + "memory.max", "600\n"}, 600},
		"version 1, its own":          {"4:memory:/job\n3:cpu:/x\n", mount1 + mountIO, []string{g1 + "job/memory.limit_in_bytes", "5000\n"}, 5000},
		"version 1, one above":        {"4:memory:/a/b\n", mount1, []string{g1 + "a/b/memory.limit_in_bytes", "9223372036854771712\n", g1 + "a/memory.limit_in_bytes", "77\n"}, 77},
		"version 1, unlimited":        {"4:memory:/\n", mount1, []string{g1 + "memory.limit_in_bytes", "9223372036854771712\n"}, 9223372036854771712},
		"version 1, a container":      {"4:memory:/docker/7f\n", docker, []string{g1 + "memory.limit_in_bytes", "800\n"}, 800},
		"version 1, below it":         {"4:memory:/docker/7f/x\n", docker, []string{g1 + "x/memory.limit_in_bytes", "700\n", g1 + "memory.limit_in_bytes", "800\n"}, 700},
		"version 1, another's beside": {"4:memory:/docker/7fa\n", docker, []string{g1 + "a/memory.limit_in_bytes", "1\n", g1 + "memory.limit_in_bytes", "800\n"}, 800},
		"version 1, out of sight": {"4:memory:/docker/7f\n", docker,
			[]string{g1 + "memory.limit_in_bytes", "800\n", g1 + "memory.stat", "cache 1\nhierarchical_memory_limit 90\ntotal_cache 5\n"}, 90},
		"version 1, with cpu": {"2:cpu,memory:/a:b\n", both, []string{"sys/fs/cgroup/cpu memory/a:b/memory.limit_in_bytes", "33\n"}, 33},
		"both versions, of which 1 has memory": {"4:memory:/a\n0::/u\n", strings.Replace(mount2, "/sys/fs/cgroup", "/sys/fs/cgroup/unified", 1) + mount1,
			[]string{g1 + "a/memory.limit_in_bytes", "44\n", "sys/fs/cgroup/unified/u/cgroup.procs", "1\n"}, 44},
		"both versions, of which 2 has memory": {"1:name=systemd:/a\n0::/u\n", mount2 + mountIO, []string{g2 + "u/memory.max", "55\n"}, 55},
		"strange files": {"0::\n:\nx\n0:memory\n4:memory:/../..\n\n", "\n - \n1 2 3 - cgroup2\n" + mount1 + strings.TrimSuffix(mount2, "\n"),
			[]string{g2 + "memory.max", "-1\n", g1 + "memory.limit_in_bytes", "many\n"}, none},
	} {
		tree := files(append([]string{"proc/self/cgroup", c.group, "proc/self/mountinfo", c.mounts}, c.files...)...)
		if got := groupLimit(tree); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
	if got := groupLimit(fstest.MapFS{}); got != none {
		t.Errorf("without /proc: %d", got)
	}
}

func TestAvailable(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:  100 kB\nMemFree: 10 kB\nMemAvailable:   20 kB\nBuffers: 3 kB\n": 20 << 10,
		"MemTotal: 100 kB\n": none, "": none, "MemAvailable: lots\n": none,
	} {
		if got := available(files("proc/meminfo", text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
	if got := freeMemory(); got <= 0 {
		t.Errorf("this machine has %d bytes", got)
	}
}
