// Checks a ledger's public files with the Go project's own sumdb/note and sumdb/tlog: code for
// transparency logs that nobody at Plainview wrote.
//
//	independent DIR VKEY OLD-SIZE OLD-ROOT-HEX
//
// opens the checkpoint, proves each entry to be in the signed tree, and proves that the tree of
// OLD-SIZE with that root is its beginning. Exit 0 and one line if all holds, 1 and why if not.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// folder serves tiles to tlog. Its paths name the height first, those of C2SP tlog-tiles do not.
type folder struct {
	dir  string
	kept map[tlog.Tile][]byte
}

func (f *folder) Height() int { return height }

func (f *folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if f.kept[tile] == nil {
			path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
			read, err := os.ReadFile(filepath.Join(f.dir, path))
			if err != nil {
				return nil, err
			}
			f.kept[tile] = read
		}
		data[i] = f.kept[tile]
	}
	return data, nil
}

// entries reads the entry bundle number n of a log of that size.
func (f *folder) entries(n, size int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: 0, N: n, W: 256}
	if size-n*256 < 256 {
		tile.W = int(size - n*256)
	}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(f.dir, path))
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s: cut", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		found = append(found, data[2:end])
		data = data[end:]
	}
	if len(found) != tile.W {
		return nil, fmt.Errorf("%s: %d entries, not %d", path, len(found), tile.W)
	}
	return found, nil
}

// signed opens the checkpoint and gives the tree that it signs.
func signed(dir, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, rest, _ := strings.Cut(opened.Text, "\n")
	if origin != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q, signed by %q", origin, verifier.Name())
	}
	// tlog's own form of a tree differs from a checkpoint's in its first line only.
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

func check(dir, vkey string, old int64, oldRoot tlog.Hash) (tlog.Tree, error) {
	tree, err := signed(dir, vkey)
	if err != nil {
		return tree, err
	}
	files := &folder{dir, map[tlog.Tile][]byte{}}
	hashes := tlog.TileHashReader(tree, files)
	for n := int64(0); n*256 < tree.N; n++ {
		entries, err := files.entries(n, tree.N)
		if err != nil {
			return tree, err
		}
		for i, entry := range entries {
			index := n*256 + int64(i)
			proof, err := tlog.ProveRecord(tree.N, index, hashes)
			if err != nil {
				return tree, err
			}
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
			if err != nil {
				return tree, fmt.Errorf("entry %d: %v", index, err)
			}
		}
	}
	proof, err := tlog.ProveTree(tree.N, old, hashes)
	if err != nil {
		return tree, err
	}
	return tree, tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot)
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "independent DIR VKEY OLD-SIZE OLD-ROOT-HEX")
		os.Exit(2)
	}
	old, err := strconv.ParseInt(os.Args[3], 10, 64)
	root, bad := hex.DecodeString(os.Args[4])
	if err != nil || bad != nil || len(root) != tlog.HashSize {
		fmt.Fprintln(os.Stderr, "wrong old size or root")
		os.Exit(2)
	}
	var oldRoot tlog.Hash
	copy(oldRoot[:], root)
	tree, err := check(os.Args[1], os.Args[2], old, oldRoot)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d entries proven in the signed tree, %d of them its beginning\n", tree.N, old)
}
