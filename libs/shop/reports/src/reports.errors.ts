import { appError } from '@fourfold/kernel';

export class ReportNotFoundError extends appError('report-not-found', 404, 'No such report') {
  constructor(id: string) {
    super(`There is no report ${id}; reports are kept for a time only`);
  }
}
