import type { FamilyIntent } from '../../../docker/intent/values.ts';
import type { TableBook } from './table-book.ts';

/** What is needed to write one family's table. What packets may do is decided in the intent, and here no more. */
export interface TableWriting {
  readonly intent: FamilyIntent;
  readonly book: TableBook;
}
