import { expect, test } from 'vitest';
import { editNative } from '../../../../src/doctor/remedies/native-edit.ts';

const TABLE = `table inet mine { # handle 9
	chain user { # handle 1
		type filter hook forward priority filter; policy accept;
		ip saddr { 192.0.2.1,
			   192.0.2.2 } drop # handle 3
		drop # handle 4
	}
	chain other { # handle 2
	}
}
`;

const rulesIn = (text: string | undefined): readonly string[] =>
  (text ?? '').split('\n').map((line) => line.trim());

test('a rule goes right before another, also before one of several lines', () => {
  const [first, second] = ['3', '4'].map((handle) =>
    rulesIn(editNative(TABLE, { op: 'before', handle, rule: 'accept' })),
  );
  expect(first?.indexOf('accept')).toBe(3);
  expect(second?.indexOf('accept')).toBe(5);
  expect(editNative(TABLE, { op: 'before', handle: '9', rule: 'accept' })).toBeUndefined();
});

test('or behind all others of its chain', () => {
  const append = (chain: string) => rulesIn(editNative(TABLE, { op: 'append', chain, rule: 'accept' }));
  expect(append('user').indexOf('accept')).toBe(6);
  expect(append('other').indexOf('accept')).toBe(8);
  expect(editNative(TABLE, { op: 'append', chain: 'none', rule: 'accept' })).toBeUndefined();
});
